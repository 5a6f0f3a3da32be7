/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_KEEP_H
#define COLLECTOR_COMPACT_KEEP_H

/* Writes joined blocks and roll-ups: calls as the parameters of INSERT statements. */

#include <stdint.h>

#include "collector/compact/calls.h"
#include "collector/compact/rollup.h"
#include "collector/compact/series.h"
#include "collector/param.h"
#include "schema/db/pg.h"
#include "schema/wire/err.h"

#define KEEP_OWNER_PARAMS 4

struct keep_owner { /* run_id, keyset_id, rank, attempt: $1 to $4 of every statement of a series */
    struct param_i64 room[KEEP_OWNER_PARAMS];
    struct pg_param params[KEEP_OWNER_PARAMS];
};

/* Points into itself: it must not be copied. */
void keep_own(struct keep_owner *out, const struct series *series);

struct keep;

struct keep *keep_new(void);
void keep_free(struct keep *keep); /* NULL is fine */

/* The sorted calls [begin, end), at least one, as one block that is rolled. Errors: those of
 * pg_prepared(). */
enum err keep_block(struct keep *keep, struct pg *pg, const struct keep_owner *owner,
                    const struct calls *calls, uint32_t begin, uint32_t end,
                    struct why *why) ERR_MUST_CHECK;
/* A roll-up of all these calls, which are sorted. Errors: those of pg_prepared(). */
enum err keep_rollup(struct keep *keep, struct pg *pg, const struct keep_owner *owner, int level,
                     const struct calls *calls, uint64_t width, struct why *why) ERR_MUST_CHECK;

#endif
