/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_RUN_STATE_H
#define COLLECTOR_RUN_STATE_H

/* Last, minimum, maximum and count of every series of one producer, kept in memory so that the
 * table run_state can be overwritten every few seconds instead of merged. The rules are those of
 * schema/sql/0001_init.sql:
 *   minimum, maximum  ignore NaN; NaN where nothing else was logged
 *   last, last_time   of the call with the highest step, the latest of equals
 * Pure; writer thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

struct run_state_row { /* one keyset; the arrays hold columns values each and belong to the row */
    uint64_t keyset_id;
    uint32_t columns;
    bool dirty; /* differs from the table */
    int64_t calls;
    int64_t first_step;
    int64_t last_step;
    int64_t last_time_us; /* as PostgreSQL counts: microseconds since 2000 */
    double *last;
    double *minimum;
    double *maximum;
};

struct run_state;

struct run_state *run_state_new(void);
void run_state_free(struct run_state *state); /* NULL is fine */
/* Memory it holds. */
size_t run_state_bytes(const struct run_state *state);

/* Adds a block, in the order of its producer's batches. A block with another number of columns than
 * its keyset had before is left out: its emitter is broken, and there is no place for its values.
 */
void run_state_merge(struct run_state *state, const struct wire_block *block);
/* Gives the row of a keyset that is not there yet, with room for columns values in each array, to
 * be filled by the caller from the table; not dirty. borrows. */
struct run_state_row *run_state_load(struct run_state *state, uint64_t keyset_id, uint32_t columns);

/* Rows in the order they came: previous NULL gives the first, NULL is the end. borrows. */
struct run_state_row *run_state_next(const struct run_state *state,
                                     const struct run_state_row *previous);

#endif
