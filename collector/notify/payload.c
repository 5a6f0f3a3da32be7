/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/payload.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/notify/payload_build.h"

const char *const payload_kind_names[PAYLOAD_KINDS] = {
    [PAYLOAD_SLACK] = "slack",
    [PAYLOAD_DISCORD] = "discord",
    [PAYLOAD_GENERIC] = "generic",
};

const char *const payload_form_names[PAYLOAD_FORMS] = {
    [PAYLOAD_ALERTS] = "alerts",
    [PAYLOAD_DIGEST] = "digest",
    [PAYLOAD_TEST] = "test",
};

/* Programs that log a generic message as it came get nothing hidden with it. */
static const struct {
    payload_build_fn *build;
    size_t flags;
} kinds[PAYLOAD_KINDS] = {
    [PAYLOAD_SLACK] = {payload_slack, JSON_COMPACT},
    [PAYLOAD_DISCORD] = {payload_discord, JSON_COMPACT},
    [PAYLOAD_GENERIC] = {payload_generic, JSON_COMPACT | JSON_ENSURE_ASCII},
};

enum err payload_render(enum payload_kind kind, const struct payload *payload, struct buf *out) {
    json_t *json = kinds[kind].build(payload);
    char *text = json != NULL ? json_dumps(json, kinds[kind].flags) : NULL;
    json_decref(json);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    const size_t len = strlen(text);
    const enum err err = len > PAYLOAD_BYTES_MAX ? ERR_TOO_LONG : buf_append(out, text, len);
    free(text);
    return err;
}
