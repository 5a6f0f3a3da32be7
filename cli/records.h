/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

/* The commands that list what is kept beside the metrics of a project, or of one of its runs:
 * {project, run, <key>: [...]}. */

#include "cli/ctx.h"

struct records {
    const char *key;
    const char *sql;   /* $1 text: project; $2 bigint: run or null; $3: list_limit() */
    int wide;          /* so many last columns have no room on a terminal */
    const char *empty; /* said on a terminal when there is none */
};

/* Of --project and, if it is given, --run. */
enum exit_code records_list(struct ctx *ctx, const struct records *records);

/* The same of what need not belong to a project: with --project what concerns that one, else all.
 * $1 of the statement: the project or null. */
enum exit_code records_list_any(struct ctx *ctx, const struct records *records);

#endif
