/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/request.h"

#include <jansson.h>
#include <string.h>

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

#define VERSIONS_MODERN 1 /* the first ones; the others begin with initialize */

const char *const request_versions[] = {
    "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", NULL,
};

/* Index of the version, -1: unknown. */
static int find_version(const char *version) {
    for (int i = 0; request_versions[i] != NULL; i++) {
        if (strcmp(request_versions[i], version) == 0) {
            return i;
        }
    }
    return -1;
}

const char *request_agree(const char *wanted) {
    const int i = find_version(wanted);
    return request_versions[i < VERSIONS_MODERN ? VERSIONS_MODERN : i];
}

/* jansson goes 2048 deep; nobody's request does. */
static bool is_deep(struct str line) {
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.len && depth <= REQUEST_DEPTH_MAX; i++) {
        const char c = line.ptr[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
        }
    }
    return depth > REQUEST_DEPTH_MAX;
}

static enum rpc_code refuse(struct why *why, enum rpc_code code, const char *text) {
    (void)!why_set(why, ERR_VALUE, "%s", text);
    return code;
}

static enum rpc_code read_id(const json_t *id, struct request *out, struct why *why) {
    if (id == NULL) {
        return RPC_OK;
    }
    if (!json_is_string(id) && !json_is_integer(id)) {
        return refuse(why, RPC_INVALID_REQUEST, "An id is a text or a whole number.");
    }
    out->id = id;
    return RPC_OK;
}

static enum rpc_code read_method(const json_t *message, struct request *out, struct why *why) {
    const json_t *method = json_object_get(message, "method");
    const json_t *params = json_object_get(message, "params");
    const bool answer =
        json_object_get(message, "result") != NULL || json_object_get(message, "error") != NULL;
    if (method == NULL && answer) {
        return RPC_OK;
    }
    if (!json_is_string(method)) {
        return refuse(why, RPC_INVALID_REQUEST, "A request has a method, which is a text.");
    }
    out->method = json_string_value(method);
    if (params != NULL && !json_is_object(params)) {
        return refuse(why, RPC_INVALID_PARAMS, "params is an object.");
    }
    out->params = params;
    return RPC_OK;
}

/* Requests of the newer generation each say their version and what their client can do. */
static enum rpc_code read_version(struct request *out, struct why *why) {
    const json_t *meta = json_object_get(out->params, "_meta");
    const json_t *version = json_object_get(meta, META_VERSION);
    if (version == NULL) {
        return RPC_OK;
    }
    if (!json_is_string(version)) {
        return refuse(why, RPC_INVALID_PARAMS, META_VERSION " is a text.");
    }
    out->version = json_string_value(version);
    const int i = find_version(out->version);
    out->modern = i < VERSIONS_MODERN;
    if (i < 0) {
        return refuse(why, RPC_UNSUPPORTED_VERSION, "Unsupported protocol version");
    }
    if (out->modern && !json_is_object(json_object_get(meta, META_CAPABILITIES))) {
        return refuse(why, RPC_INVALID_PARAMS, META_CAPABILITIES " is missing in _meta.");
    }
    return RPC_OK;
}

static enum rpc_code read_message(struct request *out, struct why *why) {
    const json_t *message = out->message;
    const char *version = json_string_value(json_object_get(message, "jsonrpc"));
    if (!json_is_object(message)) {
        return refuse(why, RPC_INVALID_REQUEST,
                      "A message is one JSON object on one line; batches are not taken.");
    }
    enum rpc_code code = read_id(json_object_get(message, "id"), out, why);
    if (code == RPC_OK && (version == NULL || strcmp(version, "2.0") != 0)) {
        code = refuse(why, RPC_INVALID_REQUEST, "jsonrpc is \"2.0\".");
    }
    if (code == RPC_OK) {
        code = read_method(message, out, why);
    }
    return code == RPC_OK ? read_version(out, why) : code;
}

enum rpc_code request_parse(struct str line, struct request *out, struct why *why) {
    json_error_t error;
    *out = (struct request){.message = NULL};
    if (is_deep(line)) {
        return refuse(why, RPC_PARSE, "The message is nested too deeply.");
    }
    out->message = json_loadb(line.ptr, line.len, 0, &error);
    if (out->message == NULL) {
        (void)!why_set(why, ERR_VALUE, "This line is no JSON: %s.", error.text);
        return RPC_PARSE;
    }
    return read_message(out, why);
}

void request_fini(struct request *request) {
    json_decref(request->message);
    *request = (struct request){.message = NULL};
}

const char *request_text(const struct request *request, const char *key) {
    return json_string_value(json_object_get(request->params, key));
}

bool request_has(const struct request *request, const char *key) {
    return json_object_get(request->params, key) != NULL;
}

bool request_object(const struct request *request, const char *key, struct json_t **out) {
    json_t *value = json_object_get(request->params, key);
    *out = json_is_object(value) ? value : NULL;
    return value == NULL || json_is_null(value) || json_is_object(value);
}

bool request_cancels(const struct request *notice, const struct request *request) {
    return json_equal(json_object_get(notice->params, "requestId"), request->id) == 1;
}

void request_put_id(const struct request *request, struct json *json) {
    if (json_is_string(request->id)) {
        json_text(json, json_string_value(request->id));
    } else {
        json_int(json, json_integer_value(request->id));
    }
}
