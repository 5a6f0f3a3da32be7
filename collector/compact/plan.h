/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_PLAN_H
#define COLLECTOR_COMPACT_PLAN_H

/* Which blocks of a series become one. Blocks are looked at in the order of their steps. Small
 * neighbours are joined; what they hold is cut evenly into blocks of about PLAN_CALLS. A block that
 * is large enough, or has no small neighbour, stays and is only marked as rolled. Until a series is
 * quiet its newest calls, those that do not fill a block, are left alone. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_CALLS        512
#define PLAN_VALUES       ((uint32_t)1 << 17) /* of a joined block: every reader unpacks all of it */
#define PLAN_BLOCKS_MAX   4096                /* that are looked at */
#define PLAN_SEGMENTS_MAX PLAN_BLOCKS_MAX

struct plan_block {
    int64_t first_step;
    uint32_t calls;
    bool rolled;
};

struct plan_segment { /* blocks[begin..end): more than one are joined, one is marked */
    size_t begin;
    size_t end;
};

struct plan {
    size_t n;
    int64_t calls; /* of the segments' blocks, that are not rolled yet */
    struct plan_segment segments[PLAN_SEGMENTS_MAX];
};

/* Calls of a full block of so many columns, and what is less than large enough. */
uint32_t plan_full(uint32_t columns);
uint32_t plan_small(uint32_t columns);

/* blocks[0..n): in the order of first_step. The segments hold values_max values at most. */
void plan_make(const struct plan_block *blocks, size_t n, uint32_t columns, bool quiet,
               size_t values_max, struct plan *out);

/* Into how many blocks so many calls are cut. */
uint32_t plan_pieces(uint32_t calls, uint32_t columns);

#endif
