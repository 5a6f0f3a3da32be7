/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "collector/notify/payload.h"
#include "tests/unit/hostile.h"

/* Memory. */

static long allocations_left = -1; /* -1: no end */

static bool may_allocate(void) {
    if (allocations_left > 0) {
        allocations_left--;
    }
    return allocations_left != 0;
}

void *__real_realloc(void *ptr, size_t bytes);
void *__wrap_realloc(void *ptr, size_t bytes);
void *__wrap_realloc(void *ptr, size_t bytes) {
    return may_allocate() ? __real_realloc(ptr, bytes) : NULL;
}

static void *json_allocate(size_t bytes) {
    return may_allocate() ? malloc(bytes) : NULL;
}

/* Alerts. */

static const struct payload_group nan_loss = {.level = 2,
                                              .project = "hooks",
                                              .run = "h",
                                              .title = "a0",
                                              .text = "txt",
                                              .time = "2026-11-23T12:30:30.371774+00:00",
                                              .host = "node7",
                                              .has_step = true,
                                              .alert_id = 41,
                                              .rank = 3,
                                              .ranks = 1,
                                              .world_size = 8,
                                              .alerts = 1};

static struct payload of_one(const struct payload_group *group) {
    return (struct payload){.form = PAYLOAD_ALERTS,
                            .groups = group,
                            .groups_n = 1,
                            .groups_total = 1,
                            .alerts_total = group->alerts,
                            .dashboard = ""};
}

static struct payload of_many(const struct payload_group *groups, size_t n) {
    return (struct payload){.form = PAYLOAD_DIGEST,
                            .groups = groups,
                            .groups_n = n,
                            .groups_total = (int64_t)n + 4,
                            .alerts_total = 10000,
                            .alerts_by_level = {100, 900, 9000},
                            .dashboard = "https://dash.example",
                            .time = "2026-11-23T12:31:00+00:00"};
}

static const struct payload test_message = {.form = PAYLOAD_TEST, .dashboard = ""};

/* gives; free() it. */
static char *rendered(enum payload_kind kind, const struct payload *payload) {
    struct buf out;
    buf_init(&out, PAYLOAD_BYTES_MAX);
    assert_int_equal(payload_render(kind, payload, &out), ERR_OK);
    char *text = calloc(1, out.len + 1);
    assert_non_null(text);
    memcpy(text, out.ptr, out.len);
    buf_fini(&out);
    return text;
}

static json_t *parsed(enum payload_kind kind, const struct payload *payload) {
    json_error_t error;
    char *text = rendered(kind, payload);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        fail_msg("%s in %s", error.text, text);
    }
    free(text);
    return json;
}

static void expect(enum payload_kind kind, const struct payload *payload, const char *wanted) {
    char *got = rendered(kind, payload);
    assert_string_equal(got, wanted);
    free(got);
}

/* The text at a path such as blocks.1.text.text; NULL if there is none. */
static const char *text_at(const json_t *json, const char *path) {
    char step[32];
    while (*path != '\0') {
        const size_t len = strcspn(path, ".");
        snprintf(step, sizeof step, "%.*s", (int)len, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(step, NULL, 10))
                                   : json_object_get(json, step);
        path += path[len] == '.' ? len + 1 : len;
    }
    return json_string_value(json);
}

static void expect_text(enum payload_kind kind, const struct payload *payload, const char *path,
                        const char *wanted) {
    json_t *json = parsed(kind, payload);
    const char *got = text_at(json, path);
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
    const struct payload payload = of_one(&nan_loss);
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
    const struct payload payload = of_one(&nan_loss);
    expect(PAYLOAD_DISCORD, &payload,
           "{\"embeds\":[{\"title\":\"🚨 [ERROR] a0\",\"color\":15158332,\"footer\":{\"text\":"
           "\"Project: hooks  •  Run: h  •  Step 0  •  Rank 3 of 8  •  Host: node7\"},"
           "\"description\":\"txt\"}],\"allowed_mentions\":{\"parse\":[]}}");
}

static void generic_has_trackios_fields_and_more(void **state) {
    (void)state;
    struct payload payload = of_one(&nan_loss);
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
    struct payload_group group = nan_loss;
    group.text = group.host = NULL;
    group.has_step = false;
    group.world_size = 1;
    group.level = 0;
    const struct payload payload = of_one(&group);
    expect_text(PAYLOAD_SLACK, &payload, "blocks.0.text.text", "ℹ️ [INFO] a0");
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.type", "context");
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.elements.0.text", "Project: hooks  •  Run: h");
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.description", NULL);
    json_t *json = parsed(PAYLOAD_GENERIC, &payload);
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
    struct payload_group group = nan_loss;
    group.title = "loss is NaN";
    group.level = 1;
    group.ranks = group.world_size = 512;
    group.alerts = 1024;
    const struct payload payload = of_one(&group);
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
    struct payload_group group = nan_loss;
    group.title = title;
    group.ranks = group.world_size = 512;
    const struct payload payload = of_one(&group);
    snprintf(wanted, sizeof wanted, "%s\ntxt", title);
    expect_text(PAYLOAD_SLACK, &payload, "blocks.1.text.text", wanted);
    expect_text(PAYLOAD_DISCORD, &payload, "embeds.0.description", wanted);
    json_t *json = parsed(PAYLOAD_SLACK, &payload);
    const char *header = text_at(json, "blocks.0.text.text");
    assert_int_equal(hostile_units(header), 150);
    assert_non_null(strstr(header, "x… on 512 of 512 ranks"));
    json_decref(json);
}

static void the_link_leads_to_the_run_and_nowhere_else(void **state) {
    (void)state;
    struct payload_group group = nan_loss;
    group.project = "a b&c";
    group.run = "<x>|\"'é";
    struct payload payload = of_one(&group);
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
    struct payload payload = of_one(&nan_loss);
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
    struct payload_group groups[] = {nan_loss, nan_loss};
    groups[0].ranks = groups[0].world_size = 512;
    groups[0].alerts = 1024;
    groups[1].level = 1;
    groups[1].title = "slow";
    groups[1].run = "h2";
    groups[1].time = "2026-11-23T12:30:29+00:00";
    const struct payload payload = of_many(groups, 2);
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
    struct payload_group groups[] = {nan_loss, nan_loss};
    groups[1].project = "other";
    const struct payload payload = of_many(groups, 2);
    json_t *json = parsed(PAYLOAD_GENERIC, &payload);
    assert_string_equal(text_at(json, "type"), "digest");
    assert_string_equal(text_at(json, "level"), "error");
    assert_true(json_is_null(json_object_get(json, "project"))); /* they have two */
    assert_true(json_is_null(json_object_get(json, "run")));
    assert_string_equal(text_at(json, "timestamp"), payload.time);
    assert_int_equal(json_integer_value(json_object_get(json, "alerts")), 10000);
    assert_int_equal(json_integer_value(json_object_get(json, "groups_total")), 6);
    assert_string_equal(text_at(json, "command"), "tocsin list alerts --project PROJECT --since "
                                                  "2026-11-23T12:30:30.371774+00:00");
    const json_t *by_level = json_object_get(json, "alerts_by_level");
    assert_int_equal(json_integer_value(json_object_get(by_level, "warn")), 900);
    assert_int_equal(json_array_size(json_object_get(json, "groups")), 2);
    assert_string_equal(text_at(json, "groups.1.project"), "other");
    assert_string_equal(text_at(json, "groups.1.host"), "node7");
    const json_t *group = json_array_get(json_object_get(json, "groups"), 1);
    assert_int_equal(json_integer_value(json_object_get(group, "alert_id")), 41);
    json_decref(json);
}

static void a_hostile_project_is_not_in_the_command(void **state) {
    (void)state;
    static const char *const bad[] = {"a b", "$(id)", "-x", "a;b", "a'b", "a\nb", "", "é"};
    struct payload_group group = nan_loss;
    const struct payload payload = of_many(&group, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        group.project = bad[i];
        json_t *json = parsed(PAYLOAD_GENERIC, &payload);
        assert_string_equal(text_at(json, "command"), "tocsin list alerts --project PROJECT "
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

/* Hostile texts everywhere. */

static const char *(*find_live)(const char *text);

static void check_limit(const json_t *json, const char *path, size_t units_max) {
    const char *text = text_at(json, path);
    if (text != NULL) {
        assert_true(*text != '\0');
        assert_true(hostile_units(text) <= units_max);
        const char *live = find_live(text);
        if (live != NULL) {
            fail_msg("%s: \"%s\" lives", path, live);
        }
    }
}

static void check_slack(const json_t *json) {
    find_live = hostile_in_slack;
    const json_t *blocks = json_object_get(json, "blocks");
    const size_t link = json_array_size(blocks) - 1;
    char path[60];
    check_limit(json, "text", 150);
    check_limit(json, "blocks.0.text.text", 150);
    check_limit(json, "blocks.1.text.text", 3000);
    for (size_t i = 0; i < link; i++) {
        snprintf(path, sizeof path, "blocks.%zu.elements.0.text", i);
        check_limit(json, path, 3000);
        snprintf(path, sizeof path, "blocks.%zu.text.type", i);
        assert_true(i == link - 1 || strcmp(text_at(json, path), "plain_text") == 0);
    }
    snprintf(path, sizeof path, "blocks.%zu.elements.0.text", link);
    const char *text = text_at(json, path);
    assert_true(*text == '<' && strchr(text + 1, '<') == NULL);
    assert_string_equal(strchr(text, '|'), "|Open in the dashboard>");
}

static void check_discord(const json_t *json) {
    find_live = hostile_in_discord;
    check_limit(json, "embeds.0.title", 256);
    check_limit(json, "embeds.0.description", 4096);
    find_live = hostile_in_discord_plain;
    check_limit(json, "embeds.0.footer.text", 1500); /* so that all stay below 6,000 */
    const json_t *allowed = json_object_get(json_object_get(json, "allowed_mentions"), "parse");
    assert_true(json_is_array(allowed) && json_array_size(allowed) == 0);
}

static void check_generic(const json_t *json) {
    assert_non_null(text_at(json, "type"));
    assert_non_null(text_at(json, "title"));
}

static void check_message(const struct payload *payload) {
    static void (*const checks[PAYLOAD_KINDS])(const json_t *json) = {
        [PAYLOAD_SLACK] = check_slack,
        [PAYLOAD_DISCORD] = check_discord,
        [PAYLOAD_GENERIC] = check_generic,
    };
    for (enum payload_kind kind = PAYLOAD_SLACK; kind < PAYLOAD_KINDS; kind++) {
        json_t *json = parsed(kind, payload);
        checks[kind](json);
        json_decref(json);
    }
}

/* As much of text as a name or a title may have, cut at a byte: what follows is no UTF-8 then. */
static const char *cut(const char *text, size_t bytes_max, char *out) {
    snprintf(out, bytes_max + 1, "%s", text);
    return out;
}

static void hostile_texts_are_harmless_in_every_place(void **state) {
    (void)state;
    char name[256];
    char title[1025];
    struct payload_group groups[PAYLOAD_GROUPS_MAX];
    for (size_t i = 0; i < hostile_count(); i++) {
        const char *text = hostile_text(i);
        struct payload_group group = nan_loss;
        group.text = text;
        group.title = cut(text, 1024, title);
        group.project = group.run = group.host = cut(text, 255, name);
        for (size_t g = 0; g < PAYLOAD_GROUPS_MAX; g++) {
            groups[g] = group;
        }
        groups[1].project = "another";
        struct payload one = of_one(&group);
        one.dashboard = "https://dash.example";
        const struct payload many = of_many(groups, PAYLOAD_GROUPS_MAX);
        check_message(&one);
        check_message(&many);
    }
}

/* Every field as long as it can be, of what grows most. */
static void nothing_is_larger_than_the_maximum(void **state) {
    (void)state;
    static const char *const fillers[] = {"x", "&", "*", "\x01", "\"", "é", "中", "😀", "\xff", "@"};
    static char text[32 * 1024 + 1];
    char title[1025];
    char name[256];
    char other[256];
    char far[1200] = "https://dash.example/";
    memset(far + strlen(far), 'x', sizeof far - strlen(far) - 1);
    struct payload_group groups[PAYLOAD_GROUPS_MAX];
    for (size_t f = 0; f < sizeof fillers / sizeof *fillers; f++) {
        text[0] = '\0';
        for (size_t len = strlen(fillers[f]), at = 0; at + len < sizeof text; at += len) {
            memcpy(text + at, fillers[f], len + 1);
        }
        struct payload_group group = nan_loss;
        group.text = text;
        group.title = cut(text, 1024, title);
        group.project = group.run = group.host = cut(text, 255, name);
        group.step = group.rank = group.ranks = group.world_size = group.alerts = INT64_MAX;
        group.alert_id = INT64_MIN;
        for (size_t g = 0; g < PAYLOAD_GROUPS_MAX; g++) {
            groups[g] = group;
        }
        struct payload one = of_one(&group);
        one.dashboard = far;
        struct payload many = of_many(groups, PAYLOAD_GROUPS_MAX);
        many.dashboard = f % 2 ? far : "https://dash.example";
        many.alerts_total = many.groups_total = INT64_MAX;
        many.alerts_by_level[0] = many.alerts_by_level[1] = many.alerts_by_level[2] = INT64_MAX;
        groups[1].project = cut(text, 250, other);
        for (enum payload_kind kind = PAYLOAD_SLACK; kind < PAYLOAD_KINDS; kind++) {
            free(rendered(kind, &one)); /* which asserts that all fits */
            free(rendered(kind, &many));
        }
    }
}

static void a_message_that_does_not_fit_leaves_the_buffer_alone(void **state) {
    (void)state;
    const struct payload payload = of_one(&nan_loss);
    struct buf out;
    buf_init(&out, 100);
    assert_int_equal(buf_append(&out, "before", 6), ERR_OK);
    assert_int_equal(payload_render(PAYLOAD_SLACK, &payload, &out), ERR_TOO_LONG);
    assert_int_equal(out.len, 6);
    buf_fini(&out);
}

/* Each allocation fails once; what was made until then is given back (LeakSanitizer looks). */
static void without_memory_there_is_no_message(void **state) {
    (void)state;
    struct payload_group groups[] = {nan_loss, nan_loss};
    struct payload payloads[] = {of_one(groups), of_many(groups, 2), test_message};
    payloads[0].dashboard = "https://dash.example";
    for (size_t i = 0; i < 3 * PAYLOAD_KINDS; i++) {
        enum err err = ERR_MEMORY;
        for (long n = 1; err != ERR_OK; n++) {
            struct buf out;
            buf_init(&out, PAYLOAD_BYTES_MAX);
            allocations_left = n;
            err = payload_render((enum payload_kind)(i % PAYLOAD_KINDS), &payloads[i / 3], &out);
            allocations_left = -1;
            assert_true(err == ERR_OK || err == ERR_MEMORY);
            assert_true(err == ERR_OK || out.len == 0);
            buf_fini(&out);
        }
    }
}

int main(void) {
    json_set_alloc_funcs(json_allocate, free);
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
        cmocka_unit_test(hostile_texts_are_harmless_in_every_place),
        cmocka_unit_test(nothing_is_larger_than_the_maximum),
        cmocka_unit_test(a_message_that_does_not_fit_leaves_the_buffer_alone),
        cmocka_unit_test(without_memory_there_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
