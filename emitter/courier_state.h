/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_COURIER_STATE_H
#define EMITTER_COURIER_STATE_H

/* What is behind a struct courier: courier.c starts and ends the thread, courier_loop.c is what it
 * does. Private to the two. */

#include <pthread.h>
#include <stdatomic.h>

#include "emitter/courier.h"
#include "emitter/lane.h"
#include "emitter/link.h"
#include "emitter/pace.h"
#include "emitter/trouble.h"
#include "schema/wire/clock.h"

#define REFUSAL_REASONS 256
#define BACKOFF_MIN_NS  (100 * CLOCK_NS_PER_MS)

enum stage {
    STAGE_CLOSED,     /* waiting until reopen_at_ns */
    STAGE_CONNECTING, /* a socket without a finished handshake */
    STAGE_CONNECTED,  /* the hello is to be sent */
    STAGE_GREETING,   /* hello sent, no welcome yet */
    STAGE_SENDING
};

struct courier {
    struct ringfile *file;
    struct keysets *keysets;
    struct endpoints endpoints;
    struct wire_id producer;
    struct buf hello;
    struct lane lanes[WIRE_LANES];
    struct backlog *backlog;
    bool is_orphan; /* of a dead process: see courier_deliver() */
    struct batcher *batcher;
    struct link *link;
    struct pace pace; /* of metrics, on this connection */
    int wake_fd;
    bool quiet;
    pthread_t thread;

    enum stage stage;
    size_t endpoint; /* in use or to be tried next */
    int64_t stage_since_ns;
    int64_t progress_at_ns; /* last acknowledgement, or first send after none was in flight */
    int64_t reopen_at_ns;
    int64_t backoff_ns;
    int64_t absent_since_ns; /* 0: a collector is there */
    bool absent_told;
    struct trouble trouble;
    bool open_told; /* that no socket could be made */
    bool refusal_told[REFUSAL_REASONS];

    atomic_bool connected;
    atomic_bool refused;
    atomic_bool stopping;
    _Atomic int64_t deliver_until_ns; /* when stopping */
    _Atomic int64_t deadline_ns;
    bool spooled; /* at the end: nothing is left in the rings */
};

static inline bool courier_is_delivered(const struct courier *c) {
    return lane_is_empty(&c->lanes[WIRE_LANE_EVENTS]) &&
           lane_is_empty(&c->lanes[WIRE_LANE_METRICS]);
}

/* The thread; context: the courier. */
void *courier_run(void *context);

#endif
