/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/courier.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "emitter/courier_state.h"

#define BATCH_AGE_NS   (200 * CLOCK_NS_PER_MS)
#define LOOK_NS        (50 * CLOCK_NS_PER_MS) /* how often progress is looked at */
#define STUCK_NS       (1 * CLOCK_NS_PER_S)
#define FLUSH_NS       (2 * CLOCK_NS_PER_S) /* of the time to finish, for the spool */
#define EVENTS_WINDOW  4
#define METRICS_WINDOW (WIRE_WINDOW_BATCHES - EVENTS_WINDOW)

static void courier_free(struct courier *c) {
    if (c->wake_fd >= 0) {
        close(c->wake_fd);
    }
    for (int i = 0; i < WIRE_LANES; i++) {
        lane_fini(&c->lanes[i]);
    }
    link_free(c->link);
    batcher_free(c->batcher);
    buf_fini(&c->hello);
    free(c);
}

static void init_lane(struct courier *c, enum wire_lane id, uint64_t window, int64_t max_age_ns) {
    c->lanes[id] = (struct lane){.file = &c->file->header->lanes[id],
                                 .source = {.ring = &c->file->rings[id], .keysets = c->keysets},
                                 .id = id,
                                 .producer = c->producer,
                                 .window = window,
                                 .max_age_ns = max_age_ns};
    lane_init(&c->lanes[id]);
}

static struct courier *courier_new(const struct courier_spec *spec) {
    struct courier *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->file = spec->file;
    c->keysets = spec->keysets;
    c->endpoints = *spec->endpoints;
    c->producer = spec->hello->producer;
    c->backlog = spec->backlog;
    c->quiet = spec->quiet;
    c->backoff_ns = BACKOFF_MIN_NS;
    init_lane(c, WIRE_LANE_EVENTS, EVENTS_WINDOW, 0);
    init_lane(c, WIRE_LANE_METRICS, METRICS_WINDOW, BATCH_AGE_NS);
    c->batcher = batcher_new();
    c->link = link_new(spec->keys);
    c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    buf_init(&c->hello, WIRE_FRAME_BYTES_MAX);
    if (c->batcher == NULL || c->link == NULL || c->wake_fd < 0 ||
        wire_encode_hello(spec->hello, &c->hello) != ERR_OK) {
        courier_free(c);
        return NULL;
    }
    return c;
}

/* The training program's signals are its own: neither this thread nor those that libzmq makes from
 * it may take one. */
static int create_thread(struct courier *c) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&c->thread, NULL, courier_run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static enum err begin_backlog(struct courier *c, const struct backlog_spec *spool,
                              struct why *why) {
    if (spool != NULL) {
        return backlog_begin(c->backlog, c->lanes, spool, &c->hello, why);
    }
    c->is_orphan = true;
    backlog_adopt(c->backlog, c->lanes, c->file->fd >= 0);
    return ERR_OK;
}

enum err courier_start(const struct courier_spec *spec, struct courier **out, struct why *why) {
    struct courier *c = courier_new(spec);
    if (c == NULL) {
        return why_set(why, ERR_IO, "no memory or no file descriptor left for the courier");
    }
    const enum err err = begin_backlog(c, spec->spool, why);
    if (err != ERR_OK) {
        courier_free(c);
        return err;
    }
    const int error = create_thread(c);
    if (error != 0) {
        courier_free(c);
        return why_set(why, ERR_IO, "cannot start a thread: %s", strerror(error));
    }
    *out = c;
    return ERR_OK;
}

void courier_wake(struct courier *c) {
    const uint64_t one = 1;
    ssize_t written = write(c->wake_fd, &one, sizeof one);
    (void)written; /* full means that a wake is pending already */
}

bool courier_is_connected(const struct courier *c) {
    return atomic_load(&c->connected);
}

static bool join_by(pthread_t thread, int64_t deadline_ns) {
    const struct timespec until = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

static void begin_stop(struct courier *c, int64_t deliver_until_ns, int64_t deadline_ns) {
    atomic_store(&c->deadline_ns, deadline_ns);
    atomic_store(&c->deliver_until_ns, deliver_until_ns);
    atomic_store(&c->stopping, true);
    courier_wake(c);
}

/* The thread has returned. */
static enum courier_end end(struct courier *c) {
    const enum courier_end how = courier_is_delivered(c)    ? COURIER_DELIVERED
                                 : atomic_load(&c->refused) ? COURIER_REFUSED
                                                            : COURIER_LATE;
    courier_free(c);
    return how;
}

enum courier_end courier_stop(struct courier *c, int64_t deadline_ns, bool *out_spooled) {
    const int64_t left_ns = deadline_ns - clock_mono_ns();
    *out_spooled = false;
    begin_stop(c, deadline_ns - (left_ns / 4 < FLUSH_NS ? left_ns / 4 : FLUSH_NS), deadline_ns);
    if (!join_by(c->thread, deadline_ns + STUCK_NS)) {
        pthread_detach(c->thread);
        return COURIER_STUCK;
    }
    *out_spooled = c->spooled;
    return end(c);
}

static uint64_t acked_sum(const struct courier *c) {
    uint64_t sum = 0;
    for (int i = 0; i < WIRE_LANES; i++) {
        sum += atomic_load(&c->file->header->lanes[i].acked_seq);
    }
    return sum;
}

enum courier_end courier_deliver(struct courier *c, int64_t patience_ns,
                                 const atomic_bool *cancel) {
    uint64_t acked = acked_sum(c);
    int64_t now_ns = clock_mono_ns();
    int64_t give_up_ns = now_ns + patience_ns;
    begin_stop(c, INT64_MAX, INT64_MAX);
    bool joined = false;
    while (!joined && now_ns < give_up_ns + STUCK_NS) {
        joined = join_by(c->thread, now_ns + LOOK_NS);
        now_ns = clock_mono_ns();
        if (acked_sum(c) != acked) {
            acked = acked_sum(c);
            give_up_ns = now_ns + patience_ns;
        }
        if (!joined && (now_ns >= give_up_ns || atomic_load(cancel))) {
            give_up_ns = now_ns < give_up_ns ? now_ns : give_up_ns;
            atomic_store(&c->deliver_until_ns, 0);
        }
    }
    if (!joined) {
        pthread_detach(c->thread);
        return COURIER_STUCK;
    }
    return end(c);
}
