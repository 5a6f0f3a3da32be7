/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

/* The usual answer of a command: a statement's rows, streamed, as a table, as TSV, or as an array
 * of objects inside a JSON document. Nothing is printed before its first row or its good end,
 * so a statement that fails at once leaves stdout empty. */

#include <stdbool.h>

#include "cli/ctx.h"
#include "cli/json.h"
#include "schema/db/pg.h"

struct list {
    const char *key;   /* of the array in the document */
    bool by_name;      /* an object of arrays instead, each named by the row's first column */
    int hidden;        /* so many last columns are not shown */
    int wide;          /* so many last columns have no room on a terminal */
    const char *empty; /* said on a terminal when there is no row */
    /* Asked when there is no row: does what was asked for exist? Saves a round trip when there are
     * rows. NULL: it does. */
    enum exit_code (*check)(struct ctx *ctx, const void *context);
    /* The document's members before and after the array; context is passed on. */
    void (*head)(struct json *json, const void *context);
    void (*tail)(struct json *json, const void *context); /* NULL: none */
    const void *context;
};

enum exit_code list_show(struct ctx *ctx, const struct list *list, const char *sql, int n,
                         const struct pg_param *params);

#endif
