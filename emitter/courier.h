/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_COURIER_H
#define EMITTER_COURIER_H

/* The one background thread of a run: takes records from the rings, sends batches, keeps them until
 * they are acknowledged, finds another collector when one is silent. Everything that can wait or
 * fail happens here and not in the training threads. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emitter/backlog.h"
#include "emitter/endpoints.h"
#include "emitter/link.h"
#include "emitter/ringfile.h"
#include "schema/wire/wire.h"

struct courier;

struct courier_spec {
    struct ringfile *file; /* borrows this and the next, for the courier's life */
    struct keysets *keysets;
    const struct wire_hello *hello;    /* borrows for the call; encoded already in the file */
    const struct endpoints *endpoints; /* copies */
    struct backlog *backlog;           /* borrows; closed by the courier's end */
    const struct backlog_spec *spool; /* borrows for the call. NULL: what is here was left by a dead
                                         process, nothing is added and nothing spooled */
    const struct link_keys *keys;     /* copies; NULL or empty: none */
    bool quiet;
};

/* Starts the thread with all signals blocked. ERR_IO: no thread or descriptor to be had. */
enum err courier_start(const struct courier_spec *spec, struct courier **out,
                       struct why *why) ERR_MUST_CHECK;

/* Any thread: events are waiting. One system call, never waits. */
void courier_wake(struct courier *courier);

/* Any thread: a collector has answered and takes batches. */
bool courier_is_connected(const struct courier *courier);

enum courier_end {
    COURIER_DELIVERED, /* everything was acknowledged */
    COURIER_LATE,      /* the deadline came first */
    COURIER_REFUSED,
    COURIER_STUCK /* the thread did not return (a name lookup that hangs): it and what it uses
                     must be left alone */
};
/* Delivers what is there until shortly before deadline_ns (monotonic), moves the rest to the spool,
 * and ends the thread. out_spooled: nothing is left in the rings. After COURIER_STUCK the courier
 * is not freed, in every other case it is. */
enum courier_end courier_stop(struct courier *courier, int64_t deadline_ns, bool *out_spooled);

/* For what a dead process left: returns when all is delivered, when it is refused, when nothing was
 * acknowledged for patience_ns, or soon after *cancel is set. The courier is gone as above. */
enum courier_end courier_deliver(struct courier *courier, int64_t patience_ns,
                                 const atomic_bool *cancel);

#endif
