/* SPDX-License-Identifier: Apache-2.0 */
/* producers ENDPOINT N HZ SECONDS SEED: N producers in one process, each with a real connection
 * that says hello, keeps the window and counts acknowledgements, but without the emitter's threads.
 * Each logs ten metrics HZ times a second in batches of 200 ms; HZ 0: batches of 64 calls as fast
 * as the window allows. Ends when all is acknowledged; prints: producers, calls sent, acknowledged.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "schema/wire/clock.h"
#include "schema/wire/wire.h"

#define METRICS       10
#define WINDOW        8
#define FULL_CALLS    64
#define BATCH_NS      (200 * CLOCK_NS_PER_MS)
#define DRAIN_NS      (60 * CLOCK_NS_PER_S)
#define PRODUCERS_MAX 1000

struct producer {
    void *socket;
    struct wire_id id;
    uint64_t run_id;
    bool welcome;
    uint64_t sent; /* batches */
    uint64_t acked;
    uint64_t calls;
    int64_t due_ns; /* of the next batch */
};

static struct producer all[PRODUCERS_MAX];
static zmq_pollitem_t items[PRODUCERS_MAX];
static struct str names[METRICS];
static uint64_t keyset_id;

static void init_names(void) {
    static const char *const texts[METRICS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    for (size_t i = 0; i < METRICS; i++) {
        names[i] = str_of(texts[i]);
    }
    keyset_id = wire_keyset_id(WIRE_SERIES_METRIC, METRICS, names);
}

static void send_frame(struct producer *p, const struct buf *frame) {
    if (zmq_send(p->socket, frame->ptr, frame->len, 0) < 0) {
        fprintf(stderr, "producers: send: %s\n", zmq_strerror(zmq_errno()));
        exit(1);
    }
}

static void must(enum err err) {
    if (err != ERR_OK) {
        fprintf(stderr, "producers: %s\n", err_text(err));
        exit(1);
    }
}

static void say_hello(struct producer *p, struct buf *frame) {
    const struct wire_hello hello = {.producer = p->id,
                                     .run_id = p->run_id,
                                     .world_size = 1,
                                     .started_ns = clock_wall_ns(),
                                     .project = str_of("bench-producers"),
                                     .name = str_of("simulated"),
                                     .host = str_of("bench"),
                                     .client = str_of("producers")};
    buf_clear(frame);
    must(wire_encode_hello(&hello, frame));
    send_frame(p, frame);
}

static void fill_block(struct producer *p, uint32_t calls, struct buf *frame) {
    struct wire_block_room room;
    must(wire_put_block(keyset_id, METRICS, calls, frame, &room));
    const uint64_t now_ns = (uint64_t)clock_wall_ns();
    for (uint32_t i = 0; i < calls; i++) {
        wire_store_u64(room.steps, i, p->calls + i);
        wire_store_u64(room.times_ns, i, now_ns);
    }
    for (uint32_t i = 0; i < calls * METRICS; i++) {
        union {
            double number;
            uint64_t bits;
        } value = {.number = (double)(float)(1.0 / (double)(p->calls + i + 1))};
        wire_store_u64(room.values, i, value.bits);
    }
}

static void send_batch(struct producer *p, uint32_t calls, struct buf *frame) {
    const bool first = p->sent == 0;
    const struct wire_batch head = {.producer = p->id,
                                    .lane = WIRE_LANE_METRICS,
                                    .seq = p->sent + 1,
                                    .emitted = p->calls + calls};
    buf_clear(frame);
    must(wire_begin_batch(&head, first ? 2 : 1, frame));
    if (first) {
        must(wire_put_keyset(keyset_id, WIRE_SERIES_METRIC, METRICS, names, frame));
    }
    fill_block(p, calls, frame);
    send_frame(p, frame);
    p->sent++;
    p->calls += calls;
}

static void receive(struct producer *p) {
    char bytes[4096];
    struct wire_frame frame;
    for (int n; (n = zmq_recv(p->socket, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0;) {
        must(wire_decode(bytes, (size_t)n, &frame));
        if (frame.kind == WIRE_WELCOME) {
            p->welcome = true;
        } else if (frame.kind == WIRE_ACK) {
            p->acked = frame.ack.last_seq;
        } else {
            fprintf(stderr, "producers: refused, frame of kind %d\n", (int)frame.kind);
            exit(1);
        }
    }
}

static void connect_all(void *context, const char *endpoint, int n, uint64_t seed,
                        struct buf *frame) {
    const int linger = 0;
    const int unlimited = 0;
    for (int i = 0; i < n; i++) {
        struct producer *p = &all[i];
        p->socket = zmq_socket(context, ZMQ_DEALER);
        zmq_setsockopt(p->socket, ZMQ_LINGER, &linger, sizeof linger);
        zmq_setsockopt(p->socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
        if (zmq_connect(p->socket, endpoint) != 0) {
            fprintf(stderr, "producers: connect: %s\n", zmq_strerror(zmq_errno()));
            exit(1);
        }
        memcpy(p->id.bytes, &seed, sizeof seed);
        memcpy(p->id.bytes + 8, &i, sizeof i);
        p->run_id = (seed * 100000 + (uint64_t)i) & INT64_MAX;
        items[i] = (zmq_pollitem_t){.socket = p->socket, .events = ZMQ_POLLIN};
        say_hello(p, frame);
    }
}

static void work(struct producer *p, int hz, int64_t now_ns, bool ending, struct buf *frame) {
    if (!p->welcome || ending || p->sent - p->acked >= WINDOW) {
        return;
    }
    if (hz == 0) {
        send_batch(p, FULL_CALLS, frame);
    } else if (now_ns >= p->due_ns) {
        p->due_ns = (p->due_ns == 0 ? now_ns : p->due_ns) + BATCH_NS;
        send_batch(p, (uint32_t)hz / 5 > 0 ? (uint32_t)hz / 5 : 1, frame);
    }
}

/* True: everything sent is acknowledged. */
static bool turn(int n, int hz, bool ending, struct buf *frame) {
    bool quiet = true;
    zmq_poll(items, n, hz == 0 ? 1 : 5);
    const int64_t now_ns = clock_mono_ns();
    for (int i = 0; i < n; i++) {
        if ((items[i].revents & ZMQ_POLLIN) != 0) {
            receive(&all[i]);
        }
        work(&all[i], hz, now_ns, ending, frame);
        quiet = quiet && all[i].welcome && all[i].acked == all[i].sent;
    }
    return quiet;
}

int main(int argc, char **argv) {
    if (argc != 6 || atoi(argv[2]) < 1 || atoi(argv[2]) > PRODUCERS_MAX) {
        return 2;
    }
    const int n = atoi(argv[2]);
    const int hz = atoi(argv[3]);
    struct buf frame;
    buf_init(&frame, WIRE_FRAME_BYTES_MAX);
    init_names();
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, PRODUCERS_MAX + 8);
    connect_all(context, argv[1], n, strtoull(argv[5], NULL, 10), &frame);
    const int64_t end_ns = clock_mono_ns() + atoi(argv[4]) * CLOCK_NS_PER_S;
    bool quiet = false;
    for (int64_t now_ns = 0; now_ns < end_ns; now_ns = clock_mono_ns()) {
        turn(n, hz, false, &frame);
    }
    while (!quiet && clock_mono_ns() < end_ns + DRAIN_NS) {
        quiet = turn(n, hz, true, &frame);
    }
    uint64_t calls = 0;
    for (int i = 0; i < n; i++) {
        calls += all[i].calls;
        zmq_close(all[i].socket);
    }
    zmq_ctx_term(context);
    buf_fini(&frame);
    printf("%d %llu %s\n", n, (unsigned long long)calls, quiet ? "acknowledged" : "LATE");
    return quiet ? 0 : 1;
}
