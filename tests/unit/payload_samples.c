/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/payload_samples.h"

const struct payload_group payload_nan_loss = {.level = 2,
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

struct payload payload_of_one(const struct payload_group *group) {
    return (struct payload){.form = PAYLOAD_ALERTS,
                            .groups = group,
                            .groups_n = 1,
                            .groups_total = 1,
                            .alerts_total = group->alerts,
                            .dashboard = ""};
}

struct payload payload_of_many(const struct payload_group *groups, size_t n) {
    return (struct payload){.form = PAYLOAD_DIGEST,
                            .groups = groups,
                            .groups_n = n,
                            .groups_total = (int64_t)n + 4,
                            .alerts_total = 10000,
                            .alerts_by_level = {100, 900, 9000},
                            .dashboard = "https://dash.example",
                            .time = "2026-11-23T12:31:00+00:00"};
}

char *payload_rendered(enum payload_kind kind, const struct payload *payload) {
    struct buf out;
    buf_init(&out, PAYLOAD_BYTES_MAX);
    assert_int_equal(payload_render(kind, payload, &out), ERR_OK);
    char *text = calloc(1, out.len + 1);
    assert_non_null(text);
    memcpy(text, out.ptr, out.len);
    buf_fini(&out);
    return text;
}

json_t *payload_parsed(enum payload_kind kind, const struct payload *payload) {
    json_error_t error;
    char *text = payload_rendered(kind, payload);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        fail_msg("%s in %s", error.text, text);
    }
    free(text);
    return json;
}

const char *payload_text_at(const json_t *json, const char *path) {
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
