/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_ANSWER_H
#define CLI_MCP_ANSWER_H

/* What the server says: one message a line, written at once. Results of the newer generation also
 * say that they are complete and who speaks. */

#include "cli/mcp/request.h"

/* Begins the answer to the request; the caller adds the members of its result. */
void answer_open(struct json *json, FILE *file, const struct request *request);
void answer_close(struct json *json, const struct request *request);

/* An error of the protocol. If the request's id could not be read there is none in the answer. */
void answer_error(FILE *file, const struct request *request, enum rpc_code code, const char *text);

/* Name and version of this program, as a value. */
void answer_put_server(struct json *json);
/* The versions that are spoken, as a value. */
void answer_put_versions(struct json *json);

#endif
