/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/gap.h"

#include <sched.h>

/* The lock is held for a few nanoseconds, unless its thread lost the processor. */
#define NOTE_TRIES 1024
#define TAKE_TRIES 1000

void gap_init(struct gap *gap) {
    *gap = (struct gap){.open = WIRE_SPAN_NONE, .kept = WIRE_SPAN_NONE};
}

static bool try_lock(struct gap *gap) {
    return atomic_load_explicit(&gap->busy, memory_order_relaxed) == 0 &&
           atomic_exchange_explicit(&gap->busy, 1, memory_order_acquire) == 0;
}

static void unlock(struct gap *gap) {
    atomic_store_explicit(&gap->busy, 0, memory_order_release);
}

static void widen(struct wire_span *span, const struct wire_span *more) {
    if (span->first_step == WIRE_STEP_NONE ||
        (more->first_step != WIRE_STEP_NONE && more->first_step < span->first_step)) {
        span->first_step = more->first_step;
    }
    if (more->last_step > span->last_step) {
        span->last_step = more->last_step;
    }
    if (span->first_time_ns == WIRE_TIME_NONE ||
        (more->first_time_ns != WIRE_TIME_NONE && more->first_time_ns < span->first_time_ns)) {
        span->first_time_ns = more->first_time_ns;
    }
    if (more->last_time_ns > span->last_time_ns) {
        span->last_time_ns = more->last_time_ns;
    }
}

void gap_note(struct gap *gap, _Atomic uint64_t *dropped, int64_t step, int64_t time_ns) {
    const int64_t time_or_none_ns = time_ns > 0 ? time_ns : WIRE_TIME_NONE;
    const struct wire_span call = {.first_step = step,
                                   .last_step = step,
                                   .first_time_ns = time_or_none_ns,
                                   .last_time_ns = time_or_none_ns};
    bool mine = try_lock(gap);
    for (int i = 1; !mine && i < NOTE_TRIES; i++) {
        mine = try_lock(gap);
    }
    if (mine) {
        widen(&gap->open, &call);
    }
    /* Under the lock, so that the bounds that are taken with a count are those of its calls. */
    atomic_fetch_add_explicit(dropped, 1, memory_order_release);
    if (mine) {
        unlock(gap);
    }
}

uint64_t gap_take(struct gap *gap, const _Atomic uint64_t *dropped, uint64_t told, bool hurry) {
    bool mine = try_lock(gap);
    for (int i = 1; !mine && i < TAKE_TRIES; i++) {
        sched_yield();
        mine = try_lock(gap);
    }
    if (!mine && !hurry) {
        return told; /* its thread lost the processor: a later batch tells */
    }
    const uint64_t n = atomic_load_explicit(dropped, memory_order_acquire);
    if (mine) {
        widen(&gap->kept, &gap->open);
        gap->open = WIRE_SPAN_NONE;
        unlock(gap);
    }
    return n;
}

void gap_keep(struct gap *gap, const struct wire_span *span) {
    widen(&gap->kept, span);
}

void gap_clear(struct gap *gap) {
    gap->kept = WIRE_SPAN_NONE;
}

/* Half a pair is what a process leaves that is killed between two stores. */
static void heal_span(struct wire_span *span) {
    if (span->first_step == WIRE_STEP_NONE) {
        span->first_step = span->last_step;
    }
    if (span->last_step == WIRE_STEP_NONE) {
        span->last_step = span->first_step;
    }
    if (span->first_time_ns == WIRE_TIME_NONE) {
        span->first_time_ns = span->last_time_ns;
    }
    if (span->last_time_ns == WIRE_TIME_NONE) {
        span->last_time_ns = span->first_time_ns;
    }
}

bool gap_heal(struct gap *gap) {
    heal_span(&gap->open);
    heal_span(&gap->kept);
    unlock(gap);
    return wire_span_is_valid(&gap->open) && wire_span_is_valid(&gap->kept);
}
