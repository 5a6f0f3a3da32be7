/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the texts of an alert or a digest. What is rendered must be JSON within the limits
 * of its destination in which nothing is live (see tests/unit/hostile.h). The first four bytes are
 * kind, form and numbers; texts follow, separated by NUL. */

#include <jansson.h>
#include <string.h>

#include "collector/notify/payload.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hostile.h"

#define TEXTS 7U

static const char *(*find_live)(const char *text);

static void check_text(const json_t *json, size_t units_max) {
    const char *text = json_string_value(json);
    if (text != NULL) {
        FUZZ_MUST(hostile_units(text) <= units_max);
        FUZZ_MUST(find_live(text) == NULL);
    }
}

static const json_t *text_of(const json_t *json) {
    return json_object_get(json_object_get(json, "text"), "text");
}

static void check_slack(const json_t *json) {
    size_t i;
    const json_t *block;
    find_live = hostile_in_slack;
    check_text(json_object_get(json, "text"), 150);
    json_array_foreach(json_object_get(json, "blocks"), i, block) {
        const json_t *element = json_array_get(json_object_get(block, "elements"), 0);
        check_text(text_of(block), i == 0 ? 150 : 3000);
        if (element != NULL) {
            const char *text = json_string_value(json_object_get(element, "text"));
            const bool is_link =
                strcmp(json_string_value(json_object_get(element, "type")), "mrkdwn") == 0;
            FUZZ_MUST(is_link ? *text == '<' && strchr(text + 1, '<') == NULL &&
                                    strchr(text, '>')[1] == '\0'
                              : find_live(text) == NULL);
        }
    }
}

static void check_discord(const json_t *json) {
    const json_t *embed = json_array_get(json_object_get(json, "embeds"), 0);
    const json_t *parse = json_object_get(json_object_get(json, "allowed_mentions"), "parse");
    find_live = hostile_in_discord;
    check_text(json_object_get(embed, "title"), 256);
    check_text(json_object_get(embed, "description"), 4096);
    find_live = hostile_in_discord_plain;
    check_text(json_object_get(json_object_get(embed, "footer"), "text"), 1500);
    FUZZ_MUST(json_is_array(parse) && json_array_size(parse) == 0);
}

/* Trackio's fields are there. */
static void check_generic(const json_t *json) {
    static const char *const keys[] = {"type",    "level", "title", "text",
                                       "project", "run",   "step",  "timestamp"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        FUZZ_MUST(json_object_get(json, keys[i]) != NULL);
    }
}

static void check(enum payload_kind kind, const struct payload *payload) {
    static void (*const checks[PAYLOAD_KINDS])(const json_t *json) = {
        [PAYLOAD_SLACK] = check_slack,
        [PAYLOAD_DISCORD] = check_discord,
        [PAYLOAD_GENERIC] = check_generic,
    };
    struct buf out;
    buf_init(&out, PAYLOAD_BYTES_MAX);
    FUZZ_MUST(payload_render(kind, payload, &out) == ERR_OK);
    json_t *json = json_loadb((const char *)out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_MUST(json != NULL);
    checks[kind](json);
    json_decref(json);
    buf_fini(&out);
}

/* Pointers to the texts of data, which ends in NUL; those that it has not are empty. */
static void split(const char *data, const char *end, const char *texts[TEXTS]) {
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = data < end ? data : "";
        data += data < end ? strlen(data) + 1 : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct payload_group groups[PAYLOAD_GROUPS_MAX];
    const char *texts[TEXTS];
    if (size < 4) {
        return 0;
    }
    char *copy = malloc(size - 3);
    FUZZ_MUST(copy != NULL);
    memcpy(copy, data + 4, size - 4);
    copy[size - 4] = '\0';
    split(copy, copy + size - 4, texts);
    for (size_t i = 0; i < PAYLOAD_GROUPS_MAX; i++) {
        groups[i] = (struct payload_group){.level = data[2] % 4,
                                           .project = texts[i % 2 * (data[2] & 1)],
                                           .run = texts[1],
                                           .title = texts[2],
                                           .text = *texts[3] != '\0' ? texts[3] : NULL,
                                           .time = texts[4],
                                           .host = texts[5],
                                           .has_step = (data[2] & 2) != 0,
                                           .step = -(int64_t)data[3],
                                           .ranks = data[3],
                                           .world_size = data[2],
                                           .alerts = data[3]};
    }
    const enum payload_form form = data[1] % PAYLOAD_FORMS;
    const size_t several = 1 + data[3] % PAYLOAD_GROUPS_MAX;
    const struct payload payload = {.form = form,
                                    .groups = groups,
                                    .groups_n = form == PAYLOAD_TEST     ? 0
                                                : form == PAYLOAD_ALERTS ? 1
                                                                         : several,
                                    .groups_total = data[3],
                                    .alerts_total = INT64_MAX,
                                    .dashboard = texts[6],
                                    .time = texts[4]};
    check((enum payload_kind)(data[0] % PAYLOAD_KINDS), &payload);
    free(copy);
    return 0;
}
