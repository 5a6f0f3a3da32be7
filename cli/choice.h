/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

/* Of a metric's values that are too many to print, those to print: reads all of them from the
 * database and lets points.c choose. They are then printed by a statement that takes them as its
 * parameters. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/ctx.h"
#include "cli/find.h"
#include "cli/span.h"

struct choice {
    bool truncated;    /* there are more than may be printed */
    int64_t points;    /* how many there are */
    int64_t nonfinite; /* how many of them are NaN or infinite */
    int64_t chosen;
    /* PostgreSQL's text of arrays with an entry for each of the chosen; NULL where all are printed.
     */
    char *places;
    char *positions;
    char *values;
    char *steps; /* with --agg there is nothing but these */
    char *times; /* microseconds since 2000 */
    char *ranks;
    char *attempts;
};

/* Looks at the values that the span means, or with --agg at what it makes of them, and chooses
 * --max-points of them if there are more. Begins a transaction whose snapshot the statement that
 * prints them must see as well. With --max-points 0 it does nothing. out: choice_free(); all zero
 * is fine. */
enum exit_code choice_make(struct ctx *ctx, const struct run *run, const struct span *span,
                           struct choice *out);
void choice_free(struct choice *choice);

/* "truncated", and where it is so "points", "nonfinite_points" and "more". */
void choice_json(struct json *json, const struct choice *choice);
/* The same as a remark. */
void choice_note(const struct ctx *ctx, const struct choice *choice);

#endif
