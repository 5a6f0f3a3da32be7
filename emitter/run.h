/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_RUN_H
#define EMITTER_RUN_H

/* What is behind a struct tocsin, and the few lines that every public function begins and ends
 * with. emitter.c starts and ends a run, log.c has the calls, alert.c the events,
 * system.c what it samples itself. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emitter/courier.h"
#include "emitter/include/tocsin.h"
#include "emitter/keysets.h"
#include "emitter/ringfile.h"
#include "emitter/salvage.h"
#include "emitter/system.h"
#include "emitter/webhook.h"

struct tocsin {
    /* Read by every call, written at start only. */
    unsigned generation;
    bool quiet;
    bool is_claimed; /* its files: by this process */
    struct wire_id stream;
    struct ring *metrics; /* into file.rings */
    struct ring *events;
    struct keysets *keysets;
    struct courier *courier;
    struct salvage *salvage; /* NULL: none was started */
    struct ringfile file;
    struct backlog backlog;
    char name[WIRE_NAME_BYTES_MAX + 1];
    struct webhook webhook;
    struct system system;

    atomic_bool finishing;
    _Atomic int64_t highest_step; /* -1: none yet */
    _Atomic uint64_t refused;
    _Atomic uint64_t alerts;
};

/* How often this process is a fork of a fork: a run belongs to the process that started it. One
 * load instead of a getpid() of 150 ns in every call. Counted in emitter.c. */
extern _Atomic unsigned run_fork_generation;

static inline enum tocsin_err run_check(const struct tocsin *run) {
    if (run == NULL) {
        return TOCSIN_ERR_ARGUMENT;
    }
    if (run->generation != atomic_load_explicit(&run_fork_generation, memory_order_relaxed)) {
        return TOCSIN_ERR_FORKED;
    }
    return atomic_load_explicit(&run->finishing, memory_order_relaxed) ? TOCSIN_ERR_FINISHED
                                                                       : TOCSIN_OK;
}

static inline enum tocsin_err run_refuse(struct tocsin *run, enum tocsin_err err) {
    atomic_fetch_add_explicit(&run->refused, 1, memory_order_relaxed);
    return err;
}

/* A call is counted before it can be read: a batch must not hold more than its totals say. */
static inline void run_count_emitted(struct ring *ring) {
    atomic_fetch_add_explicit(&ring->shared->emitted, 1, memory_order_relaxed);
}

static inline enum tocsin_err run_account(struct ring *ring, bool stored) {
    if (stored) {
        return TOCSIN_OK;
    }
    atomic_fetch_add_explicit(&ring->shared->dropped, 1, memory_order_release);
    return TOCSIN_ERR_FULL;
}

#endif
