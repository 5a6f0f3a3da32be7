/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_CALL_H
#define CLI_MCP_CALL_H

/* A tool that is called: its command, run in this process. */

#include "cli/inside.h"
#include "cli/mcp/arguments.h"
#include "cli/mcp/tools.h"

/* Agents take about as much of one answer by default (25,000 tokens). */
#define CALL_ANSWER_BYTES_MAX ((size_t)96 * 1024)

struct call {
    struct arguments arguments;
    struct inside_answer answer;
};

/* object: the arguments, or NULL. Writes out in any case; call_fini() frees it. */
void call_run(struct inside *inside, const struct tool *tool, struct json_t *object,
              struct call *out);
void call_fini(struct call *call);

/* It is one that waits, and found nothing. */
bool call_found_nothing(const struct call *call);

#endif
