/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_REQUEST_H
#define CLI_MCP_REQUEST_H

/* One message of a client: JSON-RPC 2.0 as the Model Context Protocol narrows it. Whatever a client
 * sends ends here as a request that is safe to look at, or as an error code. Pure. */

#include <stdbool.h>

#include "cli/json.h"
#include "schema/wire/buf.h"

#define REQUEST_DEPTH_MAX 64 /* brackets inside each other */

struct json_t; /* jansson's */

/* The protocol's error codes. */
enum rpc_code {
    RPC_OK = 0,
    RPC_PARSE = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_UNSUPPORTED_VERSION = -32022,
};

struct request {
    struct json_t *message;      /* owned; the others point into it */
    const struct json_t *id;     /* text or whole number; NULL: no answer is wanted */
    const struct json_t *params; /* an object, or NULL */
    const char *method;          /* NULL: an answer, and nobody asked */
    const char *version; /* of the protocol, as the request itself says; NULL: it does not */
    bool modern;         /* it is of the generation whose requests stand alone */
};

/* Of one line. out is written in any case, as far as the line could be understood, and freed by
 * request_fini(). why: what is wrong, if not RPC_OK. */
enum rpc_code request_parse(struct str line, struct request *out, struct why *why) ERR_MUST_CHECK;
void request_fini(struct request *request); /* fine on a zeroed request */

/* A text of the params; NULL: absent, or no text. */
const char *request_text(const struct request *request, const char *key);
/* Something is there under that key. */
bool request_has(const struct request *request, const char *key);
/* An object of the params. False: there is something else. out: NULL if it is absent or null. */
bool request_object(const struct request *request, const char *key, struct json_t **out);
/* The notice is about that request. */
bool request_cancels(const struct request *notice, const struct request *request);
/* The id as a value of a document. */
void request_put_id(const struct request *request, struct json *json);

/* The versions of the protocol that are spoken, newest first; ended by NULL. */
extern const char *const request_versions[];
/* The version to agree on with a client that says hello with `wanted` (initialize). */
const char *request_agree(const char *wanted);

#endif
