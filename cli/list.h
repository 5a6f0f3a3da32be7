/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

/* The usual answer of a command: a statement's rows, as a table, TSV or CSV, as an array of objects
 * inside a JSON document, or as an object a line. Nothing is printed before its first row or its
 * good end, so a statement that fails at once leaves the output empty. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/ctx.h"
#include "cli/json.h"
#include "schema/db/pg.h"

struct list {
    const char *key;   /* of the array in the document */
    bool by_name;      /* an object of arrays instead, each named by the row's first column */
    int hidden;        /* so many last columns are not shown */
    int wide;          /* so many last columns have no room on a terminal */
    const char *empty; /* said on a terminal when there is no row */
    int64_t limit;     /* rows that are printed at most; 0: all. The statement gives one more, from
                          which it is known that there is more */
    const char
        *more; /* how to get the rest; NULL: no limit is possible, and nothing is said of it */
    /* Asked when there is no row: does what was asked for exist? Saves a round trip when there are
     * rows. NULL: it does. */
    enum exit_code (*check)(struct ctx *ctx, const void *context);
    /* The document's members before and after the array; context is passed on. */
    void (*head)(struct json *json, const void *context); /* NULL: none */
    void (*tail)(struct json *json, const void *context); /* NULL: none */
    /* Further ones right behind the array, before "has_more". NULL: none */
    void (*behind)(struct json *json, const void *context);
    /* Further members of a row's object. NULL: none */
    void (*extra)(struct json *json, const void *context, const struct pg_rows *rows, int row);
    /* Told of each row that is printed. NULL: nobody asks. */
    void (*printed)(void *context, const struct pg_rows *rows, int row);
    void *context;
};

/* The rows of a statement, streamed. */
enum exit_code list_show(struct ctx *ctx, const struct list *list, const char *sql, int n,
                         const struct pg_param *params);
/* Rows that are here already. */
enum exit_code list_show_rows(struct ctx *ctx, const struct list *list, const struct pg_rows *rows);

/* How to get the rest, where there is nothing better to say. */
#define LIST_MORE "--limit N (0: all)"

/* The parameter for a statement's `limit`: one more than --limit, or null for all. */
#define LIST_LIMIT_BYTES 24
struct pg_param list_limit(const struct ctx *ctx, char out[LIST_LIMIT_BYTES]);

#endif
