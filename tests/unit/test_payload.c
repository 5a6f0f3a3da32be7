/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/hostile.h"
#include "tests/unit/payload_samples.h"

static const struct payload test_message = {.form = PAYLOAD_TEST, .dashboard = ""};

static void expect(enum payload_kind kind, const struct payload *payload, const char *wanted) {
    char *got = payload_rendered(kind, payload);
    assert_string_equal(got, wanted);
    free(got);
}

static void expect_text(enum payload_kind kind, const struct payload *payload, const char *path,
                        const char *wanted) {
    json_t *json = payload_parsed(kind, payload);
    const char *got = payload_text_at(json, path);
    if (wanted == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, wanted);
    }
    json_decref(json);
}

static void slack_looks_like_trackio(void **state) {
    (void)state;
    const struct payload payload = payload_of_one(&payload_nan_loss);
    expect(PAYLOAD_SLACK, &payload,
           "{\"text\":\"🚨 [ERROR] a0\",\"mrkdwn\":false,\"unfurl_links\":false,"
           "\"unfurl_media\":false,\"blocks\":["
           "{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"text\":\"🚨 [ERROR] a0\","
           "\"emoji\":false}},"
           "{\"type\":\"section\",\"text\":{\"type\":\"plain_text\",\"text\":\"txt\","
           "\"emoji\":false}},"
           "{\"type\":\"context\",\"elements\":[{\"type\":\"plain_text\",\"text\":"
           "\"Project: hooks  •  Run: h  •  Step 0  •  Rank 3 of 8  •  Host: node7\","
           "\"emoji\":false}]}]}");
}

static void discord_looks_like_trackio(void **state) {
    (void)state;
    const struct payload payload = payload_of_one(&payload_nan_loss);
    expect(PAYLOAD_DISCORD, &payload,
           "{\"embeds\":[{\"title\":\"🚨 [ERROR] a0\",\"color\":15158332,\"footer\":{\"text\":"
           "\"Project: hooks  •  Run: h  •  Step 0  •  Rank 3 of 8  •  Host: node7\"},"
           "\"description\":\"txt\"}],\"allowed_mentions\":{\"parse\":[]}}");
}

static void generic_has_trackios_fields_and_more(void **state) {
    (void)state;
    struct payload payload = payload_of_one(&payload_nan_loss);
    payload.dashboard = "https://dash.example/";
    expect(PAYLOAD_GENERIC, &payload,
           "{\"type\":\"alert\",\"level\":\"error\",\"title\":\"a0\",\"text\":\"txt\","
           "\"project\":\"hooks\",\"run\":\"h\",\"step\":0,"
           "\"timestamp\":\"2026-11-23T12:30:30.371774+00:00\",\"rank\":3,\"ranks\":1,"
           "\"world_size\":8,\"host\":\"node7\",\"alerts\":1,\"alert_id\":41,"
           "\"url\":\"https://dash.example/?project=hooks&run=h\"}");
}

static void what_is_absent_is_left_out_or_null(void **state) {
    (void)state;
    struct payload_group group = payload_nan_loss;
    group.text = group.host = NULL;
    group.has_step = false;
    group.world_size = 1;
    group.level = 0;
    const struct payload payload = payload_of_one(&group);
    expect_text(PAYLOAD_SLACK, &payload, "blocks.0.text.text", "ℹ️ [INFO] a0");
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.type", "context");
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.elements.0.text", "Project: hooks  •  Run: h");
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.description", NULL);
    json_t *json = payload_parsed(PAYLOAD_GENERIC, &payload);
    assert_true(json_is_null(json_object_get(json, "text")));
    assert_true(json_is_null(json_object_get(json, "step")));
    assert_true(json_is_null(json_object_get(json, "host")));
    assert_true(json_is_null(json_object_get(json, "url")));
    json_decref(json);
    group.text = " \n ";
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.type", "context"); /* Slack refuses blanks */
}

static void many_ranks_are_said_in_the_title(void **state) {
    (void)state;
    struct payload_group group = payload_nan_loss;
    group.title = "loss is NaN";
    group.level = 1;
    group.ranks = group.world_size = 512;
    group.alerts = 1024;
    const struct payload payload = payload_of_one(&group);
    expect_text(PAYLOAD_SLACK, &payload, "blocks.0.text.text",
                "⚠️ [WARN] loss is NaN on 512 of 512 ranks");
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.footer.text",
                "Project: hooks  •  Run: h  •  Step 0  •  First on host: node7  •  1024 alerts");
}

static void a_title_that_was_cut_is_repeated_before_the_text(void **state) {
    (void)state;
    char title[301];
    char wanted[305];
    memset(title, 'x', 300);
    title[300] = '\0';
    struct payload_group group = payload_nan_loss;
    group.title = title;
    group.ranks = group.world_size = 512;
    const struct payload payload = payload_of_one(&group);
    snprintf(wanted, sizeof wanted, "%s\ntxt", title);
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.text.text", wanted);
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.description", wanted);
    json_t *json = payload_parsed(PAYLOAD_SLACK, &payload);
    const char *header = payload_text_at(json, "blocks.0.text.text");
    assert_int_equal(hostile_units(header), 150);
    assert_non_null(strstr(header, "x… on 512 of 512 ranks"));
    json_decref(json);
}

static void the_link_leads_to_the_run_and_nowhere_else(void **state) {
    (void)state;
    struct payload_group group = payload_nan_loss;
    group.project = "a b&c";
    group.run = "<x>|\"'é";
    struct payload payload = payload_of_one(&group);
    payload.dashboard = "https://dash.example/t";
    expect_text(PAYLOAD_SLACK, &payload, "blocks.3.elements.0.text",
                "<https://dash.example/t/?project=a%20b%26c&amp;run=%3Cx%3E%7C%22%27%C3%A9"
                "|Open in the dashboard>");
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.url",
                "https://dash.example/t/?project=a%20b%26c&run=%3Cx%3E%7C%22%27%C3%A9");
    payload.dashboard = "https://dash.example/?theme=dark";
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.url",
                "https://dash.example/?theme=dark&project=a%20b%26c&run=%3Cx%3E%7C%22%27%C3%A9");
}

static void a_dashboard_that_is_no_web_address_is_no_link(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "dash.example",
                                      "javascript:alert(1)",
                                      "ftp://x/",
                                      "https://x/ y",
                                      "https://x/|y",
                                      "https://x/<y>",
                                      "https://x/\"y",
                                      "https://x/\x01",
                                      "https://\xc3\xa9/"};
    struct payload payload = payload_of_one(&payload_nan_loss);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        payload.dashboard = bad[i];
        expect_text(PAYLOAD_SLACK, &payload, "blocks.3.type", NULL);
        expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.url", NULL);
        expect_text(PAYLOAD_GENERIC, &payload, "url", NULL);
    }
    char far[2100] = "https://dash.example/";
    memset(far + strlen(far), 'x', sizeof far - strlen(far) - 1);
    payload.dashboard = far;
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.url", NULL);
}

static void a_digest_counts_lists_and_says_where_the_rest_is(void **state) {
    (void)state;
    struct payload_group groups[] = {payload_nan_loss, payload_nan_loss};
    groups[0].ranks = groups[0].world_size = 512;
    groups[0].alerts = 1024;
    groups[1].level = 1;
    groups[1].title = "slow";
    groups[1].run = "h2";
    groups[1].time = "2026-11-23T12:30:29+00:00";
    const struct payload payload = payload_of_many(groups, 2);
    static const char text[] = "9000 error, 900 warn, 100 info\n"
                               "🚨 a0 on 512 of 512 ranks, 1024 alerts  •  Run: h  •  Step 0\n"
                               "⚠️ slow  •  Run: h2  •  Step 0\n"
                               "and 4 more groups";
    expect_text(PAYLOAD_SLACK, &payload, "blocks.0.text.text",
                "🚨 [DIGEST] 10000 alerts in 6 groups");
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.text.text", text);
    expect_text(PAYLOAD_SLACK, &payload, "blocks.2.elements.0.text",
                "Project: hooks  •  All: tocsin list alerts --project hooks --since "
                "2026-11-23T12:30:29+00:00");
    expect_text(PAYLOAD_SLACK, &payload, "blocks.3.elements.0.text",
                "<https://dash.example/?project=hooks|Open in the dashboard>");
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.description", text);
    expect_text(PAYLOAD_GENERIC, &payload, "text", text);
    expect_text(PAYLOAD_GENERIC, &payload, "title", "10000 alerts in 6 groups");
}

static void a_generic_digest_has_its_groups_as_data(void **state) {
    (void)state;
    struct payload_group groups[] = {payload_nan_loss, payload_nan_loss};
    groups[1].project = "other";
    const struct payload payload = payload_of_many(groups, 2);
    json_t *json = payload_parsed(PAYLOAD_GENERIC, &payload);
    assert_string_equal(payload_text_at(json, "type"), "digest");
    assert_string_equal(payload_text_at(json, "level"), "error");
    assert_true(json_is_null(json_object_get(json, "project"))); /* they have two */
    assert_true(json_is_null(json_object_get(json, "run")));
    assert_string_equal(payload_text_at(json, "timestamp"), payload.time);
    assert_int_equal(json_integer_value(json_object_get(json, "alerts")), 10000);
    assert_int_equal(json_integer_value(json_object_get(json, "groups_total")), 6);
    assert_string_equal(payload_text_at(json, "command"),
                        "tocsin list alerts --project PROJECT --since "
                        "2026-11-23T12:30:30.371774+00:00");
    const json_t *by_level = json_object_get(json, "alerts_by_level");
    assert_int_equal(json_integer_value(json_object_get(by_level, "warn")), 900);
    assert_int_equal(json_array_size(json_object_get(json, "groups")), 2);
    assert_string_equal(payload_text_at(json, "groups.1.project"), "other");
    assert_string_equal(payload_text_at(json, "groups.1.host"), "node7");
    const json_t *group = json_array_get(json_object_get(json, "groups"), 1);
    assert_int_equal(json_integer_value(json_object_get(group, "alert_id")), 41);
    json_decref(json);
}

static void a_hostile_project_is_not_in_the_command(void **state) {
    (void)state;
    static const char *const bad[] = {"a b", "$(id)", "-x", "a;b", "a'b", "a\nb", "", "é"};
    struct payload_group group = payload_nan_loss;
    const struct payload payload = payload_of_many(&group, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        group.project = bad[i];
        json_t *json = payload_parsed(PAYLOAD_GENERIC, &payload);
        assert_string_equal(payload_text_at(json, "command"),
                            "tocsin list alerts --project PROJECT "
                            "--since 2026-11-23T12:30:30.371774+00:00");
        json_decref(json);
    }
}

static void a_test_says_that_it_is_one(void **state) {
    (void)state;
    expect_text(PAYLOAD_SLACK, &test_message, "blocks.0.text.text",
                "ℹ️ [TEST] tocsin can post here");
    expect_text(PAYLOAD_DISCORD, &test_message, "embeds.0.description",
                "This is a test, and nothing else: no run has raised an alert.");
    expect(PAYLOAD_GENERIC, &test_message,
           "{\"type\":\"test\",\"level\":\"info\",\"title\":\"tocsin can post here\",\"text\":"
           "\"This is a test, and nothing else: no run has raised an alert.\",\"project\":null,"
           "\"run\":null,\"step\":null,\"timestamp\":null,\"rank\":null,\"ranks\":null,"
           "\"world_size\":null,\"host\":null,\"alerts\":0,\"alert_id\":null,\"url\":null}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack_looks_like_trackio),
        cmocka_unit_test(discord_looks_like_trackio),
        cmocka_unit_test(generic_has_trackios_fields_and_more),
        cmocka_unit_test(what_is_absent_is_left_out_or_null),
        cmocka_unit_test(many_ranks_are_said_in_the_title),
        cmocka_unit_test(a_title_that_was_cut_is_repeated_before_the_text),
        cmocka_unit_test(the_link_leads_to_the_run_and_nowhere_else),
        cmocka_unit_test(a_dashboard_that_is_no_web_address_is_no_link),
        cmocka_unit_test(a_digest_counts_lists_and_says_where_the_rest_is),
        cmocka_unit_test(a_generic_digest_has_its_groups_as_data),
        cmocka_unit_test(a_hostile_project_is_not_in_the_command),
        cmocka_unit_test(a_test_says_that_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
