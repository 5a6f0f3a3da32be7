/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_STATEMENT_H
#define COLLECTOR_STATEMENT_H

/* A prepared statement whose parameters are arrays of equal length, for unnest(): one round trip
 * for any number of rows. The arrays keep their memory between transactions. Writer thread only. */

#include <stdint.h>

#include "collector/pgarray.h"
#include "schema/db/pg.h"
#include "schema/wire/err.h"

#define STATEMENT_ARRAYS_MAX 13

struct statement {
    const char *name; /* for pg_prepared() */
    const char *sql;
    int n;
    struct pgarray arrays[STATEMENT_ARRAYS_MAX];
};

/* types[0..n): of the arrays' elements. */
void statement_init(struct statement *statement, const char *name, const char *sql, int n,
                    const enum pgarray_type *types);
void statement_fini(struct statement *statement);
void statement_clear(struct statement *statement);
/* Elements in the first array. */
uint32_t statement_rows(const struct statement *statement);

/* Sends the arrays and empties them. out_rows may be NULL. Errors: those of pg_prepared(). */
enum err statement_send(struct statement *statement, struct pg *pg, struct pg_rows **out_rows,
                        struct why *why) ERR_MUST_CHECK;
/* The same if there are at least `least` rows. */
enum err statement_send_if(struct statement *statement, struct pg *pg, uint32_t least,
                           struct why *why) ERR_MUST_CHECK;

#endif
