/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_ROLLUP_H
#define COLLECTOR_COMPACT_ROLLUP_H

/* What is kept of each bucket of neighbouring steps, so that overviews need not read every value:
 * schema/sql/0012_compaction.sql says what the fields mean. A bucket is `width` steps, a power of
 * two, and begins at a multiple of it, so that buckets of several roll-ups and of both levels fit
 * into each other. Pure. */

#include <stdint.h>

#include "collector/compact/calls.h"

#define ROLLUP_CALLS                                                                               \
    32 /* that a bucket of level 1 holds, more or less; of these, one of level 2                   \
        */

struct rollup_bucket { /* of all columns */
    int64_t first_step;
    int64_t last_step;
    int64_t first_time_us; /* the least */
    int64_t last_time_us;
    int32_t calls;
};

struct rollup_values { /* of one column in a bucket */
    double minimum;    /* of finite values; NaN: there is none */
    double maximum;
    int64_t minimum_step; /* of the first of equals; without a finite value the bucket's first */
    int64_t maximum_step;
    double sum;
    double last;
    int32_t odd;
};

struct rollup {
    uint64_t width;
    uint32_t n; /* buckets */
    uint32_t columns;
    struct rollup_bucket *buckets;
    struct rollup_values *values; /* n of column 0, then of column 1 ... */
};

/* The width of a level 1 bucket for these calls: they are sorted, and at least one. */
uint64_t rollup_width(const struct calls *calls);
/* That of level 2. */
uint64_t rollup_wider(uint64_t width);

/* Of sorted calls, at least one. Gives: rollup_fini(). */
void rollup_init(struct rollup *rollup, const struct calls *calls, uint64_t width);
void rollup_fini(struct rollup *rollup);

#endif
