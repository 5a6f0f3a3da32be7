/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_JOIN_H
#define COLLECTOR_COMPACT_JOIN_H

/* Compacts some of a series in one transaction:
 *
 *     begin
 *     hold_run           its deletion waits, or has begun and this is over
 *     claim_series       another collector has it: this is over
 *     list_open_blocks   and the plan
 *     take_blocks, insert_block     for each segment that is joined
 *     mark_blocks                   for each that stays as it is
 *     insert_rollup      of what was not rolled before, in both levels
 *     advance_compacted
 *     commit
 *
 * All or nothing: whoever reads meanwhile finds every value once. Compactor thread only. */

#include <stdint.h>

#include "collector/compact/series.h"
#include "schema/db/pg.h"
#include "schema/wire/err.h"

struct join;

struct join_result {    /* all zero: there was nothing to do, or somebody else does it */
    int64_t calls;      /* that are rolled now */
    int64_t points;     /* their values */
    int64_t blocks_in;  /* joined */
    int64_t blocks_out; /* what became of them */
};

struct join *join_new(void);
void join_free(struct join *join); /* NULL is fine */

/* After an error the transaction may still be open: ROLLBACK. Errors: those of pg_prepared() and
 * pg_stream_binary(); ERR_DB_RETRY if blocks went away meanwhile, ERR_DB_CONTENT for a block whose
 * arrays do not fit together. */
enum err join_some(struct join *join, struct pg *pg, const struct series *series,
                   struct join_result *out, struct why *why) ERR_MUST_CHECK;

#endif
