/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

/* Which columns of a result are shown, and in which order: those that --fields names, else all that
 * have room. */

#include <stdbool.h>

#include "cli/ctx.h"
#include "schema/db/pg.h"

#define COLUMNS_MAX 1664 /* PostgreSQL gives no more (MaxTupleAttributeNumber) */

struct columns {
    int n;
    int at[COLUMNS_MAX];
    bool named_odds; /* "nonfinite" is an object of names, for there are several numbers */
};

/* All n columns. */
void columns_all(int n, struct columns *out);
/* Of a command with rows. hidden: so many last columns are never shown; wide: so many before them
 * have no room on a terminal. EXIT_USAGE: there is no such field. */
enum exit_code columns_choose(struct ctx *ctx, const struct pg_rows *rows, int hidden, int wide,
                              struct columns *out);

#endif
