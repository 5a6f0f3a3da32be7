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

static const struct payload test_message = {.form = PAYLOAD_TEST, .dashboard = ""};

/* Hostile texts everywhere. */

static const char *(*find_live)(const char *text);

static void check_limit(const json_t *json, const char *path, size_t units_max) {
    const char *text = payload_text_at(json, path);
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
        assert_true(i == link - 1 || strcmp(payload_text_at(json, path), "plain_text") == 0);
    }
    snprintf(path, sizeof path, "blocks.%zu.elements.0.text", link);
    const char *text = payload_text_at(json, path);
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
    assert_non_null(payload_text_at(json, "type"));
    assert_non_null(payload_text_at(json, "title"));
}

static void check_message(const struct payload *payload) {
    static void (*const checks[PAYLOAD_KINDS])(const json_t *json) = {
        [PAYLOAD_SLACK] = check_slack,
        [PAYLOAD_DISCORD] = check_discord,
        [PAYLOAD_GENERIC] = check_generic,
    };
    for (enum payload_kind kind = PAYLOAD_SLACK; kind < PAYLOAD_KINDS; kind++) {
        json_t *json = payload_parsed(kind, payload);
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
        struct payload_group group = payload_nan_loss;
        group.text = text;
        group.title = cut(text, 1024, title);
        group.project = group.run = group.host = cut(text, 255, name);
        for (size_t g = 0; g < PAYLOAD_GROUPS_MAX; g++) {
            groups[g] = group;
        }
        groups[1].project = "another";
        struct payload one = payload_of_one(&group);
        one.dashboard = "https://dash.example";
        const struct payload many = payload_of_many(groups, PAYLOAD_GROUPS_MAX);
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
        struct payload_group group = payload_nan_loss;
        group.text = text;
        group.title = cut(text, 1024, title);
        group.project = group.run = group.host = cut(text, 255, name);
        group.step = group.rank = group.ranks = group.world_size = group.alerts = INT64_MAX;
        group.alert_id = INT64_MIN;
        for (size_t g = 0; g < PAYLOAD_GROUPS_MAX; g++) {
            groups[g] = group;
        }
        struct payload one = payload_of_one(&group);
        one.dashboard = far;
        struct payload many = payload_of_many(groups, PAYLOAD_GROUPS_MAX);
        many.dashboard = f % 2 ? far : "https://dash.example";
        many.alerts_total = many.groups_total = INT64_MAX;
        many.alerts_by_level[0] = many.alerts_by_level[1] = many.alerts_by_level[2] = INT64_MAX;
        groups[1].project = cut(text, 250, other);
        for (enum payload_kind kind = PAYLOAD_SLACK; kind < PAYLOAD_KINDS; kind++) {
            free(payload_rendered(kind, &one)); /* which asserts that all fits */
            free(payload_rendered(kind, &many));
        }
    }
}

static void a_message_that_does_not_fit_leaves_the_buffer_alone(void **state) {
    (void)state;
    const struct payload payload = payload_of_one(&payload_nan_loss);
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
    struct payload_group groups[] = {payload_nan_loss, payload_nan_loss};
    struct payload payloads[] = {payload_of_one(groups), payload_of_many(groups, 2), test_message};
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
        cmocka_unit_test(hostile_texts_are_harmless_in_every_place),
        cmocka_unit_test(nothing_is_larger_than_the_maximum),
        cmocka_unit_test(a_message_that_does_not_fit_leaves_the_buffer_alone),
        cmocka_unit_test(without_memory_there_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
