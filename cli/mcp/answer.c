/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/answer.h"

static void begin(struct json *json, FILE *file) {
    json_init(json, file, JSON_LINE);
    json_open(json, '{');
    json_member(json, "jsonrpc", "2.0");
}

static void end(struct json *json) {
    json_close(json);
    json_end(json);
    fflush(json->file);
}

static void put_id(struct json *json, const struct request *request) {
    if (request->id != NULL) {
        json_key(json, "id");
        request_put_id(request, json);
    }
}

void answer_put_server(struct json *json) {
    json_open(json, '{');
    json_member(json, "name", "tocsin");
    json_member(json, "version", TOCSIN_VERSION_TEXT);
    json_close(json);
}

void answer_put_versions(struct json *json) {
    json_open(json, '[');
    for (const char *const *version = request_versions; *version != NULL; version++) {
        json_text(json, *version);
    }
    json_close(json);
}

void answer_open(struct json *json, FILE *file, const struct request *request) {
    begin(json, file);
    put_id(json, request);
    json_key(json, "result");
    json_open(json, '{');
    if (request->modern) {
        json_member(json, "resultType", "complete");
    }
}

void answer_close(struct json *json, const struct request *request) {
    if (request->modern) {
        json_key(json, "_meta");
        json_open(json, '{');
        json_key(json, "io.modelcontextprotocol/serverInfo");
        answer_put_server(json);
        json_close(json);
    }
    json_close(json);
    end(json);
}

static void put_versions(struct json *json, const char *requested) {
    json_key(json, "data");
    json_open(json, '{');
    json_key(json, "supported");
    answer_put_versions(json);
    json_member(json, "requested", requested);
    json_close(json);
}

void answer_error(FILE *file, const struct request *request, enum rpc_code code, const char *text) {
    struct json json;
    begin(&json, file);
    put_id(&json, request);
    json_key(&json, "error");
    json_open(&json, '{');
    json_key(&json, "code");
    json_int(&json, code);
    json_member(&json, "message", text);
    if (code == RPC_UNSUPPORTED_VERSION) {
        put_versions(&json, request->version);
    }
    json_close(&json);
    end(&json);
}
