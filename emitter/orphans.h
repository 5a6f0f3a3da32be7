/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_ORPHANS_H
#define EMITTER_ORPHANS_H

/* What processes that are gone have left: rings of those that were killed, spools of those that
 * ended before everything was acknowledged. Each is claimed by the lock that its living owner would
 * hold, delivered with a courier of its own, one after the other, and removed when all of it is
 * acknowledged. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emitter/link.h"
#include "schema/wire/err.h"

#define ORPHANS_RING_DIRS_MAX 2

struct orphans_spec {                             /* borrows */
    const char *ring_dirs[ORPHANS_RING_DIRS_MAX]; /* NULL: one less */
    const char *spool_dir;                        /* NULL: none */
    const char *endpoints;        /* where to; NULL: where their owners would have */
    const char *only;             /* NULL: all; else only what was meant for this endpoint list */
    const struct link_keys *keys; /* NULL or empty: none */
    int64_t patience_ns;          /* without an acknowledgement */
    const atomic_bool *cancel;
    bool quiet;
};

struct orphans_report {
    uint64_t found;     /* claimed */
    uint64_t delivered; /* of them: completely */
    uint64_t refused;   /* by the collector */
    uint64_t damaged;   /* set aside */
    uint64_t calls;     /* acknowledged now */
    uint64_t events;
};

/* Looks through the directories once. */
void orphans_deliver(const struct orphans_spec *spec, struct orphans_report *out);

#endif
