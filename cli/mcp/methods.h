/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_METHODS_H
#define CLI_MCP_METHODS_H

/* The methods whose answer is always the same, and the form in which calls are answered. */

#include "cli/inside.h"
#include "cli/mcp/request.h"

/* Answers every method but tools/call; one that there is not, or not in the request's generation,
 * with an error. writes: the tools that change something may be used. */
void methods_answer(FILE *file, const struct request *request, bool writes);
/* Answers tools/call. */
void methods_answer_call(FILE *file, const struct request *request,
                         const struct inside_answer *answer);

#endif
