/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_ARGUMENTS_H
#define CLI_MCP_ARGUMENTS_H

/* The arguments of a tool call as a command line. Only names that the tool shows get into it, each
 * value in one word with its option, and all others behind --: no value can become an option. What
 * a value must be like is not judged here but by args_parse(), as on every command line. */

#include "cli/mcp/tools.h"
#include "schema/wire/err.h"

#define ARGUMENTS_MAX 160 /* words: the two limits of args.h and the command's own */

struct json_t;

struct arguments {
    int n;
    char *words[ARGUMENTS_MAX + 1]; /* as main gets them; owned */
    int64_t wait_s;
};

/* object: NULL for no arguments. out is written in any case and freed by arguments_fini(). Errors:
 * ERR_CONFIG with a sentence that says what to write instead. */
enum err arguments_build(const struct tool *tool, struct json_t *object, struct arguments *out,
                         struct why *why) ERR_MUST_CHECK;
void arguments_fini(struct arguments *arguments);

#endif
