/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/plan.h"

uint32_t plan_full(uint32_t columns) {
    const uint32_t fit = PLAN_VALUES / columns;
    const uint32_t least = fit > 0 ? fit : 1;
    return least < PLAN_CALLS ? least : PLAN_CALLS;
}

uint32_t plan_small(uint32_t columns) {
    return (plan_full(columns) + 1) / 2;
}

uint32_t plan_pieces(uint32_t calls, uint32_t columns) {
    const uint32_t full = plan_full(columns);
    const uint32_t pieces = (uint32_t)(((uint64_t)calls + full / 2) / full);
    return pieces > 0 ? pieces : 1;
}

struct making {
    const struct plan_block *blocks;
    uint32_t columns;
    bool quiet;
    size_t values_left;
    struct plan *plan;
};

static void put(struct making *making, size_t begin, size_t end) {
    struct plan *plan = making->plan;
    plan->segments[plan->n++] = (struct plan_segment){begin, end};
    for (size_t i = begin; i < end; i++) {
        plan->calls += making->blocks[i].rolled ? 0 : making->blocks[i].calls;
    }
}

static bool fits(struct making *making, const struct plan_block *block) {
    const size_t values = (size_t)block->calls * making->columns;
    if (values > making->values_left) {
        return false;
    }
    making->values_left -= values;
    return true;
}

/* Where the small neighbours from begin on end. */
static size_t small_until(const struct making *making, size_t begin, size_t n) {
    size_t end = begin;
    while (end < n && making->blocks[end].calls < plan_small(making->columns)) {
        end++;
    }
    return end;
}

/* Of small neighbours at the end of a series that is not quiet, those that fill whole blocks. */
static size_t whole_until(const struct making *making, size_t begin, size_t end) {
    const uint32_t full = plan_full(making->columns);
    size_t until = begin;
    uint64_t calls = 0;
    for (size_t i = begin; i < end; i++) {
        calls += making->blocks[i].calls;
        if (calls >= full) {
            calls -= full;
            until = i + 1;
        }
    }
    return until;
}

static void put_small(struct making *making, size_t begin, size_t end, bool newest) {
    const size_t until = newest && !making->quiet ? whole_until(making, begin, end) : end;
    size_t fitting = begin;
    while (fitting < until && fits(making, &making->blocks[fitting])) {
        fitting++;
    }
    const bool alone = fitting == begin + 1;
    if (fitting > begin && !(alone && making->blocks[begin].rolled)) {
        put(making, begin, fitting);
    }
    if (fitting < until) {
        making->values_left = 0;
    }
}

static void put_large(struct making *making, size_t at) {
    if (fits(making, &making->blocks[at])) {
        put(making, at, at + 1);
    } else {
        making->values_left = 0;
    }
}

void plan_make(const struct plan_block *blocks, size_t n, uint32_t columns, bool quiet,
               size_t values_max, struct plan *out) {
    struct making making = {.blocks = blocks,
                            .columns = columns,
                            .quiet = quiet,
                            .values_left = values_max,
                            .plan = out};
    out->n = 0;
    out->calls = 0;
    size_t at = 0;
    while (at < n && making.values_left > 0) {
        const size_t end = small_until(&making, at, n);
        if (end > at) {
            put_small(&making, at, end, end == n);
            at = end;
        } else {
            put_large(&making, at++);
        }
    }
}
