/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/courier_state.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "emitter/notice.h"

#define TICK_MS        20 /* how often the ring is looked at: a metric wakes nobody */
#define ACK_TIMEOUT_NS (10 * CLOCK_NS_PER_S)
#define ABSENT_NS      (3 * CLOCK_NS_PER_S)
#define BACKOFF_MAX_NS (10 * CLOCK_NS_PER_S)

static void enter(struct courier *c, enum stage stage, int64_t now_ns) {
    c->stage = stage;
    c->stage_since_ns = now_ns;
    atomic_store(&c->connected, stage == STAGE_SENDING);
}

/* A pause that doubles, each time with its own luck: between half of it and all of it. */
static int64_t next_pause(struct courier *c) {
    uint32_t luck = 0;
    if (getrandom(&luck, sizeof luck, GRND_NONBLOCK) != sizeof luck) {
        luck = 0;
    }
    const int64_t pause_ns = c->backoff_ns / 2 + c->backoff_ns / 2 * (luck % 1024) / 1024;
    c->backoff_ns = c->backoff_ns * 2 < BACKOFF_MAX_NS ? c->backoff_ns * 2 : BACKOFF_MAX_NS;
    return pause_ns;
}

static void lose(struct courier *c, int64_t now_ns) {
    link_close(c->link);
    c->endpoint = (c->endpoint + 1) % c->endpoints.n;
    c->reopen_at_ns = now_ns + next_pause(c);
    enter(c, STAGE_CLOSED, now_ns);
}

static void open_next(struct courier *c, int64_t now_ns) {
    struct why why;
    enter(c, STAGE_CONNECTING, now_ns);
    if (link_open(c->link, c->endpoints.text[c->endpoint], &why) != ERR_OK) {
        if (!c->open_told) {
            notice_say(c->quiet, "%s; trying again", why.text);
            c->open_told = true;
        }
        lose(c, now_ns);
    }
}

static void greet(struct courier *c, int64_t now_ns) {
    const struct str hello = {.ptr = (const char *)c->hello.ptr, .len = c->hello.len};
    if (link_send(c->link, hello)) {
        enter(c, STAGE_GREETING, now_ns);
    }
}

/* Says once that nobody is there, and once that somebody is again. */
static void tell_presence(struct courier *c, int64_t now_ns) {
    const char *endpoint = c->endpoints.text[c->endpoint];
    if (c->stage == STAGE_SENDING) {
        if (c->absent_told) {
            notice_say(c->quiet, "connected to the collector at %s", endpoint);
        }
        c->absent_since_ns = 0;
        c->absent_told = false;
    } else if (c->absent_since_ns == 0) {
        c->absent_since_ns = now_ns;
    } else if (!c->absent_told && now_ns - c->absent_since_ns > ABSENT_NS) {
        notice_say(c->quiet, "no collector at %s; training goes on, data waits in %s", endpoint,
                   c->file->path);
        c->absent_told = true;
    }
}

static void note_acknowledged(struct courier *c, struct lane *lane, uint64_t last_seq,
                              int64_t now_ns) {
    if (lane_acknowledge(lane, last_seq)) {
        c->progress_at_ns = now_ns;
    }
}

/* The collector's database knows less than was acknowledged, or more than was sent: it is another
 * database, or an older copy. Our numbers mean nothing to it, so we start over as a new producer
 * with what is still here. */
static void become_new(struct courier *c, int64_t now_ns) {
    struct wire_frame frame;
    struct wire_id fresh;
    if (getrandom(fresh.bytes, sizeof fresh.bytes, GRND_NONBLOCK) != sizeof fresh.bytes ||
        wire_decode(c->hello.ptr, c->hello.len, &frame) != ERR_OK) {
        lose(c, now_ns);
        return;
    }
    frame.hello.producer = fresh;
    struct buf hello;
    buf_init(&hello, WIRE_FRAME_BYTES_MAX);
    if (wire_encode_hello(&frame.hello, &hello) != ERR_OK) {
        buf_fini(&hello);
        lose(c, now_ns);
        return;
    }
    struct why why;
    if (backlog_relabel(c->backlog, c->lanes, &hello, &why) != ERR_OK) {
        buf_fini(&hello);
        lose(c, now_ns);
        return;
    }
    ringfile_set_hello(c->file, &hello);
    buf_fini(&c->hello);
    c->hello = hello;
    c->producer = fresh;
    for (int i = 0; i < WIRE_LANES; i++) {
        lane_restart(&c->lanes[i], &fresh);
    }
    keysets_define_again(c->keysets);
    notice_say(c->quiet, "the collector does not know what was acknowledged before (was the run "
                         "deleted, or is it another or an older database?); going on as a new "
                         "attempt");
    greet(c, now_ns);
}

static void on_welcome(struct courier *c, const struct wire_frame *frame, int64_t now_ns) {
    for (int i = 0; i < WIRE_LANES; i++) {
        if (!lane_agrees(&c->lanes[i], frame->welcome.last_seq[i])) {
            become_new(c, now_ns);
            return;
        }
    }
    for (int i = 0; i < WIRE_LANES; i++) {
        note_acknowledged(c, &c->lanes[i], frame->welcome.last_seq[i], now_ns);
        lane_rewind(&c->lanes[i]);
    }
    c->progress_at_ns = now_ns;
    pace_begin(&c->pace);
    c->backoff_ns = BACKOFF_MIN_NS;
    trouble_over(&c->trouble);
    enter(c, STAGE_SENDING, now_ns);
}

static void on_ack(struct courier *c, const struct wire_frame *frame, int64_t now_ns) {
    struct lane *lane = &c->lanes[frame->ack.lane];
    note_acknowledged(c, lane, frame->ack.last_seq, now_ns);
    if (lane->id == WIRE_LANE_METRICS) {
        pace_acknowledged(&c->pace, frame->ack.last_seq + lane->file->seq_base, now_ns);
    }
}

/* A collector that does not know us, or whose mark our numbers cannot go on from, gets a hello; its
 * answer settles where we are. */
static void on_nack(struct courier *c, const struct wire_frame *frame, int64_t now_ns) {
    struct lane *lane = &c->lanes[frame->nack.lane];
    if (frame->nack.reason == WIRE_NACK_UNKNOWN_PRODUCER ||
        !lane_agrees(lane, frame->nack.last_seq)) {
        if (c->stage == STAGE_SENDING) {
            greet(c, now_ns);
        }
        return;
    }
    note_acknowledged(c, lane, frame->nack.last_seq, now_ns);
    lane_nack(lane, frame->nack.last_seq);
}

/* The lane that has to wait; the other goes on. NULL: it is not about a quota. */
static struct lane *lane_over_quota(struct courier *c, enum wire_refusal reason) {
    return reason == WIRE_REFUSAL_QUOTA_METRICS  ? &c->lanes[WIRE_LANE_METRICS]
           : reason == WIRE_REFUSAL_QUOTA_EVENTS ? &c->lanes[WIRE_LANE_EVENTS]
                                                 : NULL;
}

static void on_reject(struct courier *c, const struct wire_frame *frame, int64_t now_ns) {
    const struct wire_reject *reject = &frame->reject;
    struct lane *over = lane_over_quota(c, reject->reason);
    if (!c->refusal_told[reject->reason]) {
        c->refusal_told[reject->reason] = true;
        notice_say(c->quiet, "the collector refuses this run's data: %.*s", (int)reject->text.len,
                   reject->text.ptr != NULL ? reject->text.ptr : "");
    }
    if (over != NULL) {
        lane_hold(over, now_ns);
        return;
    }
    if (reject->reason == WIRE_REFUSAL_NO_RUN_TO_RESUME) {
        atomic_store(&c->refused, true);
    }
    c->backoff_ns = BACKOFF_MAX_NS;
    lose(c, now_ns);
}

static const struct {
    enum wire_kind kind;
    size_t producer_offset; /* every answer names the producer it is for */
    void (*handle)(struct courier *c, const struct wire_frame *frame, int64_t now_ns);
} answers[] = {
    {WIRE_WELCOME, offsetof(struct wire_frame, welcome.producer), on_welcome},
    {WIRE_ACK, offsetof(struct wire_frame, ack.producer), on_ack},
    {WIRE_NACK, offsetof(struct wire_frame, nack.producer), on_nack},
    {WIRE_REJECT, offsetof(struct wire_frame, reject.producer), on_reject},
};

static bool is_for_us(const struct courier *c, const struct wire_frame *frame, size_t offset) {
    const bool anonymous = frame->kind == WIRE_REJECT && !frame->reject.has_producer;
    return anonymous || memcmp((const char *)frame + offset, &c->producer, sizeof c->producer) == 0;
}

static void handle(struct courier *c, struct str bytes, int64_t now_ns) {
    struct wire_frame frame;
    if (wire_decode(bytes.ptr, bytes.len, &frame) != ERR_OK) {
        return; /* not from a tocsin collector; the missing answer is noticed by its timeout */
    }
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].kind == frame.kind && is_for_us(c, &frame, answers[i].producer_offset)) {
            answers[i].handle(c, &frame, now_ns);
            return;
        }
    }
}

static bool anything_in_flight(const struct courier *c) {
    return lane_in_flight(&c->lanes[WIRE_LANE_EVENTS]) ||
           lane_in_flight(&c->lanes[WIRE_LANE_METRICS]);
}

static bool send_batch(struct courier *c, struct lane *lane) {
    struct str frame;
    return lane_build(lane, c->batcher, &frame) == ERR_OK && link_send(c->link, frame);
}

/* Metrics leave room for the largest event, so that a backlog of them delays none. */
static bool fits_window(const struct courier *c, const struct lane *lane, uint64_t more_bytes) {
    const uint64_t bytes = lane_bytes_in_flight(&c->lanes[WIRE_LANE_EVENTS]) +
                           lane_bytes_in_flight(&c->lanes[WIRE_LANE_METRICS]) + more_bytes;
    const uint64_t most = lane->id == WIRE_LANE_METRICS ? c->pace.bytes : WIRE_WINDOW_BYTES;
    return bytes <= most || !lane_in_flight(lane);
}

static void send_lane(struct courier *c, struct lane *lane, int64_t now_ns) {
    uint64_t bytes;
    lane_tick(lane, now_ns);
    lane_cut(lane, c->batcher, now_ns, atomic_load(&c->stopping));
    while (lane_next(lane, &bytes) && fits_window(c, lane, bytes)) {
        const bool first = !anything_in_flight(c);
        if (!send_batch(c, lane)) {
            return;
        }
        lane_sent(lane);
        if (lane->id == WIRE_LANE_METRICS) {
            pace_sent(&c->pace, lane->sent_seq, now_ns);
        }
        if (first) {
            c->progress_at_ns = now_ns;
        }
    }
}

/* What time alone makes due. */
static void tick(struct courier *c, int64_t now_ns) {
    if (c->stage == STAGE_CLOSED && now_ns >= c->reopen_at_ns && !atomic_load(&c->refused)) {
        open_next(c, now_ns);
    }
    if (c->stage == STAGE_CONNECTING && c->endpoints.n > 1 &&
        now_ns - c->stage_since_ns > ABSENT_NS) {
        lose(c, now_ns);
    }
    if (c->stage == STAGE_CONNECTED) {
        greet(c, now_ns); /* libzmq may take it only a moment after the handshake */
    }
    if (c->stage == STAGE_GREETING && now_ns - c->stage_since_ns > ACK_TIMEOUT_NS) {
        lose(c, now_ns);
    }
    if (c->stage == STAGE_SENDING) {
        send_lane(c, &c->lanes[WIRE_LANE_EVENTS], now_ns);
        send_lane(c, &c->lanes[WIRE_LANE_METRICS], now_ns);
    }
    if (c->stage == STAGE_SENDING && anything_in_flight(c) &&
        now_ns - c->progress_at_ns > ACK_TIMEOUT_NS) {
        lose(c, now_ns);
    }
    for (int i = 0; i < WIRE_LANES && !c->is_orphan; i++) {
        backlog_move(c->backlog, &c->lanes[i], c->batcher, c->stage == STAGE_SENDING);
    }
    tell_presence(c, now_ns);
}

static void wait_and_receive(struct courier *c) {
    enum link_trouble trouble = LINK_CLOSED;
    const enum link_change change = link_wait(c->link, c->wake_fd, TICK_MS, &trouble);
    const int64_t now_ns = clock_mono_ns();
    uint64_t wakes;
    ssize_t got = read(c->wake_fd, &wakes, sizeof wakes);
    (void)got; /* only resets the descriptor */
    if (change == LINK_UP && c->stage == STAGE_CONNECTING) {
        enter(c, STAGE_CONNECTED, now_ns);
    }
    struct str bytes;
    while (link_receive(c->link, &bytes)) {
        handle(c, bytes, now_ns);
    }
    if (change == LINK_LOST && c->stage != STAGE_CLOSED) {
        const char *endpoint = c->endpoints.text[c->endpoint];
        trouble_note(&c->trouble, trouble, endpoint, link_keys_for(c->link, endpoint), c->quiet);
        lose(c, now_ns);
    }
}

static bool is_over(const struct courier *c) {
    return atomic_load(&c->stopping) && (courier_is_delivered(c) || atomic_load(&c->refused) ||
                                         clock_mono_ns() >= atomic_load(&c->deliver_until_ns));
}

void *courier_run(void *context) {
    struct courier *c = context;
    pthread_setname_np(pthread_self(), "tocsin-courier");
    while (!is_over(c)) {
        tick(c, clock_mono_ns());
        wait_and_receive(c);
    }
    link_close(c->link);
    if (!courier_is_delivered(c) && !c->is_orphan) {
        const int64_t deadline_ns = atomic_load(&c->deadline_ns);
        c->spooled = backlog_flush(c->backlog, c->lanes, c->batcher, deadline_ns);
    }
    /* The ring knows how much a spool must have. It stays where a disk may forget. */
    c->spooled = backlog_close(c->backlog, c->lanes, true) && c->spooled;
    return NULL;
}
