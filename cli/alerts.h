/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ALERTS_H
#define CLI_ALERTS_H

/* The question behind `tocsin list alerts`: which alerts, and from which place on. */

#include "cli/ctx.h"
#include "cli/cursor.h"
#include "cli/list.h"
#include "cli/since.h"
#include "schema/db/pg.h"

#define ALERTS_FILTERS 6 /* the first parameters of the statements; list_alerts.sql has them */

struct alerts {
    struct ctx *ctx;
    struct pg_param filters[ALERTS_FILTERS];
    struct since since;
    bool follows;         /* for ever */
    struct cursor cursor; /* the place to go on from; text NULL: nowhere yet */
    char *next;           /* the cursor of the answer; owned */
};

/* From the command line. run_id: NULL for all runs; borrowed. out must not be copied. */
void alerts_init(struct alerts *out, struct ctx *ctx, const char *run_id);
void alerts_fini(struct alerts *alerts);
void alerts_set_next(struct alerts *alerts, const char *cursor);

/* Begins and ends a transaction in which all statements see the same. out_now: this moment as a
 * cursor (gives). After an error it stays open: what PostgreSQL said would be forgotten. */
enum exit_code alerts_begin(struct alerts *alerts, char **out_now);
enum exit_code alerts_end(struct alerts *alerts);

/* The form of the answer; limit, more and hidden are the caller's. */
struct list alerts_form(struct alerts *alerts);

/* What is behind the cursor, oldest first, waited for as --wait and --follow say. */
enum exit_code alerts_show_after(struct alerts *alerts);

#endif
