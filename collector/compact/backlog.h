/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_BACKLOG_H
#define COLLECTOR_COMPACT_BACKLOG_H

/* What there is to compact, as run_state and the table compacted tell: seconds old at most. */

#include <stddef.h>
#include <stdint.h>

#include "collector/compact/series.h"
#include "schema/db/pg.h"
#include "schema/wire/err.h"

#define BACKLOG_SERIES_MAX 256

struct backlog {
    size_t n; /* ripe ones, BACKLOG_SERIES_MAX at most, in the order of their turns */
    struct series series[BACKLOG_SERIES_MAX];
    int64_t calls; /* of all ripe ones, those beyond n included */
};

/* Errors: those of pg_prepared(). */
enum err backlog_read(struct pg *pg, int64_t quiet_s, struct backlog *out,
                      struct why *why) ERR_MUST_CHECK;

#endif
