/* SPDX-License-Identifier: Apache-2.0 */
/* producers ENDPOINT N METRICS RATE SECONDS SEED: N producers in one process, each with a real
 * connection that says hello, keeps the emitter's window and counts acknowledgements, but without
 * the emitter's ring and threads. Eight neighbours are the ranks of one run.
 *
 * RATE  a number: calls a second and producer, in batches of 200 ms as the emitter cuts them
 *       full      batches of 64 KiB, as fast as the window allows
 *       single    batches of one call, as fast as the window allows
 *
 * Prints "ready" when a batch of every producer is acknowledged. Ends after SECONDS or SIGTERM,
 * once all is acknowledged, and prints: producers, calls sent, acknowledged. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>

#include "emitter/pace.h"
#include "schema/wire/clock.h"
#include "schema/wire/wire.h"

#define METRICS_MAX   1024
#define RANKS         8
#define CALL_BYTES    16 /* of step and time */
#define HEAD_BYTES    256
#define AGE_NS        (200 * CLOCK_NS_PER_MS)
#define TICK_MS       5
#define DRAIN_NS      (60 * CLOCK_NS_PER_S)
#define PRODUCERS_MAX 1024
#define WAITING_MAX   64 /* calls; more are not logged: the collector does not keep up */
#define NOISE         32768
#define EVENTS_MAX    256

struct producer {
    void *socket;
    struct wire_id id;
    uint64_t run_id;
    uint32_t rank;
    bool welcome;
    struct pace pace;
    uint64_t sent; /* batches */
    uint64_t acked;
    uint64_t calls;
    int64_t next_call_ns;
    int64_t waiting_ns[WAITING_MAX]; /* when the calls were logged that are in no batch yet */
    uint32_t waiting;
};

static struct producer all[PRODUCERS_MAX];
static struct {
    int producers;
    uint32_t metrics;
    int64_t period_ns;   /* between two calls; 0: as fast as the window allows */
    uint32_t full_calls; /* of a batch, then */
    uint64_t full_bytes; /* of such a batch */
} load;
static char texts[METRICS_MAX][32];
static struct str names[METRICS_MAX];
static uint64_t keyset_id;
static uint8_t noise[NOISE * 8 + WIRE_FRAME_BYTES_TARGET];
static int epoll;
static volatile sig_atomic_t told_to_stop;

static void stop(int number) {
    (void)number;
    told_to_stop = 1;
}

static void must(enum err err) {
    if (err != ERR_OK) {
        fprintf(stderr, "producers: %s\n", err_text(err));
        exit(1);
    }
}

static void fail(const char *what) {
    fprintf(stderr, "producers: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

/* Setting up. */

static void init_names(void) {
    for (uint32_t i = 0; i < load.metrics; i++) {
        snprintf(texts[i], sizeof texts[i], "train/m%03u", (unsigned)i);
        names[i] = str_of(texts[i]);
    }
    keyset_id = wire_keyset_id(WIRE_SERIES_METRIC, load.metrics, names);
}

/* Of single precision, as loss.item() gives; the same in every run. */
static void init_noise(void) {
    uint64_t state = 88172645463325252U;
    for (size_t i = 0; i < sizeof noise / 8; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        union {
            double number;
            uint64_t bits;
        } value = {.number = (double)(1.0F + 0.1F * (float)(state >> 40) / (float)(1 << 24))};
        wire_store_u64(noise, i, value.bits);
    }
}

static void init_load(int producers, uint32_t metrics, const char *rate) {
    const uint32_t call_bytes = CALL_BYTES + 8 * metrics;
    const uint32_t fitting = (WIRE_FRAME_BYTES_TARGET - HEAD_BYTES) / call_bytes;
    load.producers = producers;
    load.metrics = metrics;
    load.full_calls = strcmp(rate, "full") == 0 ? fitting : 1;
    load.full_bytes = (uint64_t)load.full_calls * call_bytes;
    const double hz = strtod(rate, NULL);
    load.period_ns = hz > 0 ? (int64_t)((double)CLOCK_NS_PER_S / hz) : 0;
}

static void open_socket(struct producer *p, void *context, const char *endpoint) {
    static const int options[][2] = {
        /* as the emitter has them */
        {ZMQ_LINGER, 0},
        {ZMQ_RCVHWM, 0},
        {ZMQ_SNDHWM, 2 * WIRE_WINDOW_BATCHES},
        {ZMQ_HEARTBEAT_IVL, 2000},
        {ZMQ_HEARTBEAT_TIMEOUT, 6000},
        {ZMQ_HEARTBEAT_TTL, 6000},
    };
    p->socket = zmq_socket(context, ZMQ_DEALER);
    for (size_t i = 0; p->socket && i < sizeof options / sizeof options[0]; i++) {
        zmq_setsockopt(p->socket, options[i][0], &options[i][1], sizeof options[i][1]);
    }
    int fd;
    size_t size = sizeof fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    if (!p->socket || zmq_connect(p->socket, endpoint) != 0 ||
        zmq_getsockopt(p->socket, ZMQ_FD, &fd, &size) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("connect");
    }
}

/* Sending. */

static void send_frame(struct producer *p, const struct buf *frame) {
    if (zmq_send(p->socket, frame->ptr, frame->len, 0) < 0) {
        fail("send");
    }
}

static void say_hello(struct producer *p, struct buf *frame) {
    const struct wire_hello hello = {.producer = p->id,
                                     .run_id = p->run_id,
                                     .rank = p->rank,
                                     .world_size = RANKS,
                                     .started_ns = clock_wall_ns(),
                                     .project = str_of("bench-producers"),
                                     .name = str_of("simulated"),
                                     .host = str_of("bench"),
                                     .client = str_of("producers")};
    buf_clear(frame);
    must(wire_encode_hello(&hello, frame));
    send_frame(p, frame);
}

/* times_ns: of each call; NULL: now. */
static void fill_block(struct producer *p, uint32_t calls, const int64_t *times_ns,
                       struct buf *frame) {
    struct wire_block_room room;
    must(wire_put_block(keyset_id, load.metrics, calls, frame, &room));
    const int64_t now_ns = clock_wall_ns();
    for (uint32_t i = 0; i < calls; i++) {
        wire_store_u64(room.steps, i, p->calls + i);
        wire_store_u64(room.times_ns, i, (uint64_t)(times_ns ? times_ns[i] : now_ns));
    }
    const size_t from = (p->sent * 997 + p->rank * 131) % NOISE;
    memcpy(room.values, noise + from * 8, (size_t)calls * load.metrics * 8);
}

static void send_batch(struct producer *p, uint32_t calls, const int64_t *times_ns,
                       struct buf *frame) {
    const bool first = p->sent == 0;
    const struct wire_batch head = {.producer = p->id,
                                    .lane = WIRE_LANE_METRICS,
                                    .seq = p->sent + 1,
                                    .emitted = p->calls + calls};
    buf_clear(frame);
    must(wire_begin_batch(&head, first ? 2 : 1, frame));
    if (first) {
        must(wire_put_keyset(keyset_id, WIRE_SERIES_METRIC, load.metrics, names, frame));
    }
    fill_block(p, calls, times_ns, frame);
    send_frame(p, frame);
    p->sent++;
    pace_sent(&p->pace, p->sent, clock_mono_ns());
    p->calls += calls;
}

static bool has_window(const struct producer *p) {
    const uint64_t in_flight = p->sent - p->acked;
    return p->welcome && in_flight < WIRE_WINDOW_BATCHES &&
           (in_flight == 0 || load.period_ns > 0 ||
            (in_flight + 1) * load.full_bytes <= p->pace.bytes);
}

/* Each producer has its own phase: they do not all log in one moment. */
static void log_calls(struct producer *p, int64_t now_ns) {
    if (p->next_call_ns == 0) {
        p->next_call_ns = now_ns + load.period_ns * (p - all) / load.producers;
    }
    while (p->waiting < WAITING_MAX && now_ns >= p->next_call_ns) {
        p->waiting_ns[p->waiting++] = now_ns;
        p->next_call_ns += load.period_ns;
    }
}

static void send_waiting(struct producer *p, int64_t now_ns, bool ending, struct buf *frame) {
    if (p->waiting > 0 && has_window(p) && (ending || now_ns - p->waiting_ns[0] >= AGE_NS)) {
        send_batch(p, p->waiting, p->waiting_ns, frame);
        p->waiting = 0;
    }
}

static void work(struct producer *p, int64_t now_ns, bool ending, struct buf *frame) {
    if (load.period_ns > 0) {
        if (p->welcome && !ending) {
            log_calls(p, now_ns);
        }
        send_waiting(p, now_ns, ending, frame);
    } else if (!ending) {
        while (has_window(p)) {
            send_batch(p, load.full_calls, NULL, frame);
        }
    }
}

/* Receiving. */

static void take(struct producer *p, const struct wire_frame *frame) {
    if (frame->kind == WIRE_WELCOME) {
        p->welcome = true;
        pace_begin(&p->pace);
    } else if (frame->kind == WIRE_ACK) {
        p->acked = frame->ack.last_seq;
        pace_acknowledged(&p->pace, p->acked, clock_mono_ns());
    } else {
        fprintf(stderr, "producers: refused, frame of kind %d\n", (int)frame->kind);
        exit(1);
    }
}

static void receive(struct producer *p) {
    char bytes[4096];
    struct wire_frame frame;
    for (int n; (n = zmq_recv(p->socket, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0;) {
        must(wire_decode(bytes, (size_t)n, &frame));
        take(p, &frame);
    }
}

/* A send may take the wake-up of what arrived meanwhile, so whoever sent is looked at again. */
static void serve(struct producer *p, int64_t now_ns, bool ending, struct buf *frame) {
    uint64_t sent;
    receive(p);
    do {
        sent = p->sent;
        work(p, now_ns, ending, frame);
        if (p->sent != sent) {
            receive(p);
        }
    } while (p->sent != sent && load.period_ns == 0);
}

static void turn(bool ending, struct buf *frame) {
    struct epoll_event events[EVENTS_MAX];
    const int n = epoll_wait(epoll, events, EVENTS_MAX, TICK_MS);
    const int64_t now_ns = clock_wall_ns();
    for (int i = 0; i < n; i++) {
        serve(events[i].data.ptr, now_ns, ending, frame);
    }
    for (int i = 0; load.period_ns > 0 && i < load.producers; i++) {
        const uint64_t sent = all[i].sent;
        work(&all[i], now_ns, ending, frame);
        if (all[i].sent != sent) {
            receive(&all[i]);
        }
    }
}

/* The whole. */

static void connect_all(void *context, const char *endpoint, uint64_t seed, struct buf *frame) {
    for (int i = 0; i < load.producers; i++) {
        struct producer *p = &all[i];
        memcpy(p->id.bytes, &seed, sizeof seed);
        memcpy(p->id.bytes + 8, &i, sizeof i);
        p->run_id = (seed * PRODUCERS_MAX + (uint64_t)i / RANKS) & INT64_MAX;
        p->rank = (uint32_t)i % RANKS;
        open_socket(p, context, endpoint);
        say_hello(p, frame);
        receive(p);
    }
}

static bool are_ready(void) {
    int ready = 0;
    while (ready < load.producers && all[ready].acked > 0) {
        ready++;
    }
    return ready == load.producers;
}

/* True if nothing is waiting or in flight. */
static bool are_quiet(void) {
    int quiet = 0;
    while (quiet < load.producers && all[quiet].welcome && all[quiet].waiting == 0 &&
           all[quiet].acked == all[quiet].sent) {
        quiet++;
    }
    return quiet == load.producers;
}

static void log_until(int64_t end_ns, struct buf *frame) {
    bool told = false;
    while (!told_to_stop && clock_mono_ns() < end_ns) {
        turn(false, frame);
        if (!told && are_ready()) {
            told = true;
            puts("ready");
            fflush(stdout);
        }
    }
}

static bool drain(struct buf *frame) {
    const int64_t end_ns = clock_mono_ns() + DRAIN_NS;
    while (!are_quiet() && clock_mono_ns() < end_ns) {
        turn(true, frame);
    }
    return are_quiet();
}

static uint64_t close_all(void) {
    uint64_t calls = 0;
    for (int i = 0; i < load.producers; i++) {
        calls += all[i].calls;
        zmq_close(all[i].socket);
    }
    return calls;
}

int main(int argc, char **argv) {
    const int n = argc == 7 ? atoi(argv[2]) : 0;
    const int metrics = argc == 7 ? atoi(argv[3]) : 0;
    if (n < 1 || n > PRODUCERS_MAX || metrics < 1 || metrics > METRICS_MAX) {
        return 2;
    }
    struct buf frame;
    buf_init(&frame, WIRE_FRAME_BYTES_MAX);
    signal(SIGTERM, stop);
    init_load(n, (uint32_t)metrics, argv[4]);
    init_names();
    init_noise();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, PRODUCERS_MAX + 8);
    connect_all(context, argv[1], strtoull(argv[6], NULL, 10), &frame);
    log_until(clock_mono_ns() + atoi(argv[5]) * CLOCK_NS_PER_S, &frame);
    const bool quiet = drain(&frame);
    const uint64_t calls = close_all();
    zmq_ctx_term(context);
    buf_fini(&frame);
    printf("%d %llu %s\n", n, (unsigned long long)calls, quiet ? "acknowledged" : "LATE");
    return quiet ? 0 : 1;
}
