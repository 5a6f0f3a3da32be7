/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_TOOLS_H
#define CLI_MCP_TOOLS_H

/* The tools that agents see. Each is a row: a command of the command line, and which of its options
 * are shown. Arguments, answers and errors are the command's; so a tool has no code of its own. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/json.h"

/* An argument of a tool. */
struct tool_arg {
    const char *name;     /* NULL ends a list */
    const char *option;   /* of the command; NULL: that of the same name, with - for _ */
    const char *fallback; /* what counts when it is absent, for agents; NULL: as for the option */
};

struct tool {
    const char *name; /* NULL ends the table */
    const char *path; /* of the command */
    const char *text; /* for the agent: what it is good for */
    const struct tool_arg *args;
    const char *list;        /* the argument that becomes the command's arguments; NULL: none */
    const char *list_text;   /* what it holds */
    const char *const *more; /* arguments that each call gets, ended by NULL; NULL: none */
    const char *less;        /* how to get a shorter answer; NULL: it is never long */
    const char *listen;      /* of a tool that waits if there is nothing: what it is told by */
    bool alone;  /* it opens a connection of its own: as another user, or for SQL of others */
    bool writes; /* only with --allow-ack */
};

#define TOOLS_WAIT       "wait_s" /* an argument of the tools that wait */
#define TOOLS_WAIT_MAX_S INT64_C(30)

extern const struct tool tools_table[];

/* NULL: there is none, or none that may be used. */
const struct tool *tools_find(const char *name, bool writes);
const struct command *tools_command(const struct tool *tool);
/* The option behind an argument. */
const struct opt *tools_option(const struct tool *tool, const struct tool_arg *arg);
/* The tools with their schemas, as an array. */
void tools_put(struct json *json, bool writes);

#endif
