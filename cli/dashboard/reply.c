/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/dashboard/visit.h"
#include "cli/json.h"

static const struct {
    unsigned int status;
    const char *code;
} codes[] = {
    {400, "usage"}, {401, "auth"},  {403, "auth"},        {404, "not_found"},
    {405, "usage"}, {413, "usage"}, {503, "unreachable"},
};

void reply_json(struct reply *reply, unsigned int status, char *body, size_t len) {
    reply->status = status;
    reply->type = REPLY_JSON;
    reply->body = body;
    reply->len = len;
}

static const char *code_of(unsigned int status) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].status == status) {
            return codes[i].code;
        }
    }
    return "internal";
}

void reply_error(struct reply *reply, unsigned int status, const char *message, const char *hint) {
    char *body = NULL;
    size_t len = 0;
    struct json json;
    FILE *file = open_memstream(&body, &len);
    if (file == NULL) {
        abort();
    }
    json_init(&json, file, JSON_LINE);
    json_open(&json, '{');
    json_key(&json, "error");
    json_open(&json, '{');
    json_key(&json, "code");
    json_text(&json, code_of(status));
    json_key(&json, "message");
    json_text(&json, message);
    json_key(&json, "hint");
    json_text(&json, hint);
    json_key(&json, "retryable");
    json_bool(&json, status == 503);
    json_close(&json);
    json_close(&json);
    if (fclose(file) != 0) {
        abort();
    }
    reply_json(reply, status, body, len);
}

void reply_fini(struct reply *reply) {
    free(reply->body);
    free(reply->cookie);
    free(reply->location);
    *reply = (struct reply){.status = 0};
}
