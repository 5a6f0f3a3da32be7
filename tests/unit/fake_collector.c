/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fake_collector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "schema/wire/clock.h"

#define PRODUCERS_MAX 16
#define ROUTE_BYTES   64
/* Later ones are not lost: nothing would follow that shows the gap, only a timeout of ten seconds.
 */
#define LOSE_UNTIL 8

struct told { /* by a batch of the metrics lane when it first came */
    bool came;
    uint64_t dropped;
    uint64_t gap_calls;
    struct wire_span span;
};

struct producer {
    struct wire_id id;
    uint64_t gap_calls;
    struct told told[FAKE_GAPS_MAX]; /* by number of the batch */
    uint64_t last_seq[WIRE_LANES];
    uint64_t defined[256];
    size_t defined_n;
};

struct fake_collector {
    pthread_t thread;
    pthread_mutex_t lock;
    char endpoint[256];
    void *context;
    void *socket;
    bool stopping;
    struct fake_plan plan;
    struct fake_seen *seen;
    size_t batches_n;
    bool replaced;
    bool owes_acks; /* for what was committed while it was mute */
    size_t producers_n;
    struct producer producers[PRODUCERS_MAX];
    uint8_t route[ROUTE_BYTES];
    size_t route_len;
    struct buf out;
};

static void open_socket(struct fake_collector *f) {
    const int none = 0;
    f->socket = zmq_socket(f->context, ZMQ_ROUTER);
    assert_non_null(f->socket);
    assert_int_equal(zmq_setsockopt(f->socket, ZMQ_LINGER, &none, sizeof none), 0);
    /* The former socket of this address is closed by another thread of libzmq. */
    const int64_t deadline_ns = clock_mono_ns() + 10 * CLOCK_NS_PER_S;
    while (zmq_bind(f->socket, f->endpoint) != 0) {
        assert_true(clock_mono_ns() < deadline_ns);
        usleep(1000);
    }
}

static void answer(struct fake_collector *f) {
    if (!f->plan.mute) {
        zmq_send(f->socket, f->route, f->route_len, ZMQ_SNDMORE | ZMQ_DONTWAIT);
        zmq_send(f->socket, f->out.ptr, f->out.len, ZMQ_DONTWAIT);
    }
    buf_clear(&f->out);
}

static struct producer *find(struct fake_collector *f, const struct wire_id *id) {
    for (size_t i = 0; i < f->producers_n; i++) {
        if (memcmp(&f->producers[i].id, id, sizeof *id) == 0) {
            return &f->producers[i];
        }
    }
    return NULL;
}

static void take_hello(struct fake_collector *f, const struct wire_hello *hello) {
    struct wire_reject reject = {.has_producer = true,
                                 .producer = hello->producer,
                                 .reason = f->plan.refuse,
                                 .text = str_of("refused by the test")};
    f->seen->hellos_n++;
    f->seen->run_id = hello->run_id;
    f->seen->rank = hello->rank;
    f->seen->world_size = hello->world_size;
    f->seen->started_ns = hello->started_ns;
    if (f->plan.refuse != 0) {
        assert_int_equal(wire_encode_reject(&reject, &f->out), ERR_OK);
        answer(f);
        return;
    }
    struct producer *p = find(f, &hello->producer);
    if (p == NULL) {
        assert_true(f->producers_n < PRODUCERS_MAX);
        p = &f->producers[f->producers_n++];
        *p = (struct producer){.id = hello->producer};
        f->seen->producers_n++;
    }
    struct wire_welcome welcome = {.producer = p->id, .run_id = hello->run_id};
    memcpy(welcome.last_seq, p->last_seq, sizeof welcome.last_seq);
    assert_int_equal(wire_encode_welcome(&welcome, &f->out), ERR_OK);
    answer(f);
}

static double f64_at(const uint8_t *values, size_t i) {
    const uint64_t bits = wire_f64_bits_at(values, i);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool is_defined(const struct producer *p, uint64_t keyset_id) {
    for (size_t i = 0; i < p->defined_n; i++) {
        if (p->defined[i] == keyset_id) {
            return true;
        }
    }
    return false;
}

static void take_block(struct fake_seen *seen, const struct producer *p,
                       const struct wire_block *b) {
    seen->undefined_n += !is_defined(p, b->keyset_id);
    seen->calls = realloc(seen->calls, (seen->calls_n + b->calls) * sizeof *seen->calls);
    assert_non_null(seen->calls);
    for (uint32_t i = 0; i < b->calls; i++) {
        seen->calls[seen->calls_n++] =
            (struct fake_call){.keyset_id = b->keyset_id,
                               .step = wire_i64_at(b->steps, i),
                               .time_ns = wire_i64_at(b->times_ns, i),
                               .columns = b->columns,
                               .first = f64_at(b->values, i),
                               .last = f64_at(b->values, (b->columns - 1) * b->calls + i)};
    }
}

static void take_keyset(struct fake_seen *seen, struct producer *p, const struct wire_keyset *k) {
    struct wire_cursor names = k->names;
    struct str name;
    assert_true(p->defined_n < 256);
    p->defined[p->defined_n++] = k->keyset_id;
    if (seen->definitions_n < 64 && wire_next_name(&names, &name)) {
        memcpy(seen->first_names[seen->definitions_n], name.ptr, name.len);
        seen->definitions[seen->definitions_n++] = k->keyset_id;
    }
}

static void take_alert(struct fake_seen *seen, const struct wire_alert *a) {
    if (seen->alerts_n < 64) {
        memcpy(seen->titles[seen->alerts_n], a->title.ptr, a->title.len);
        seen->alert_steps[seen->alerts_n] = a->step;
        seen->alert_times_ns[seen->alerts_n] = a->time_ns;
        seen->alert_has_url[seen->alerts_n] = a->webhook_url.ptr != NULL;
        if (a->webhook_url.ptr != NULL) {
            memcpy(seen->alert_urls[seen->alerts_n], a->webhook_url.ptr, a->webhook_url.len);
        }
    }
    seen->text_bytes = a->text.len;
    seen->alerts_n++;
}

static void take_gap(struct fake_seen *seen, struct producer *p, const struct wire_gap *gap) {
    assert_true(seen->gaps_n < FAKE_GAPS_MAX);
    seen->gaps[seen->gaps_n++] = *gap;
    p->gap_calls += gap->calls;
}

static void take_items(struct fake_seen *seen, struct producer *p, struct wire_cursor items) {
    struct wire_item item;
    while (wire_next_item(&items, &item)) {
        if (item.kind == WIRE_ITEM_KEYSET) {
            take_keyset(seen, p, &item.keyset);
        } else if (item.kind == WIRE_ITEM_BLOCK) {
            take_block(seen, p, &item.block);
        } else if (item.kind == WIRE_ITEM_ALERT) {
            take_alert(seen, &item.alert);
        } else if (item.kind == WIRE_ITEM_CONFIG) {
            seen->configs_n++;
        } else if (item.kind == WIRE_ITEM_GAP) {
            take_gap(seen, p, &item.gap);
        } else {
            seen->finishes_n++;
            seen->ending = item.finish.ending;
            seen->finish_ns = item.finish.time_ns;
        }
    }
}

static bool every(struct fake_collector *f, unsigned n) {
    return n > 0 && f->batches_n % n == 0;
}

static void hang_up(struct fake_collector *f) {
    zmq_close(f->socket);
    open_socket(f);
}

static void answer_nack(struct fake_collector *f, const struct wire_batch *b, uint64_t last_seq,
                        enum wire_nack_reason reason) {
    const struct wire_nack nack = {b->producer, b->lane, last_seq, reason};
    assert_int_equal(wire_encode_nack(&nack, &f->out), ERR_OK);
    answer(f);
}

static void forget_all(struct fake_collector *f) {
    free(f->seen->calls);
    *f->seen = (struct fake_seen){.hellos_n = f->seen->hellos_n};
    f->producers_n = 0;
    f->replaced = true;
}

static void commit(struct fake_collector *f, struct producer *p, const struct wire_batch *b) {
    take_items(f->seen, p, b->items);
    f->seen->untold_n += b->lane == WIRE_LANE_METRICS && b->dropped != p->gap_calls;
    f->seen->emitted[b->lane] = b->emitted;
    f->seen->dropped[b->lane] = b->dropped;
    p->last_seq[b->lane] = b->seq;
}

static void answer_ack(struct fake_collector *f, const struct producer *p, enum wire_lane lane) {
    const struct wire_ack ack = {p->id, lane, p->last_seq[lane]};
    assert_int_equal(wire_encode_ack(&ack, &f->out), ERR_OK);
    answer(f);
}

/* Acknowledgements are cumulative: what was held back comes with the next one. */
static void acknowledge(struct fake_collector *f, const struct producer *p, enum wire_lane lane) {
    for (enum wire_lane l = 0; l < WIRE_LANES; l++) {
        if (l == lane || (f->owes_acks && p->last_seq[l] > 0)) {
            answer_ack(f, p, l);
        }
    }
    f->owes_acks = false;
}

/* A batch that is sent again tells the same drops. */
static void compare_gaps(struct fake_collector *f, struct producer *p, const struct wire_batch *b) {
    struct wire_cursor items = b->items;
    struct wire_item item;
    struct told now = {.came = true, .dropped = b->dropped};
    while (wire_next_item(&items, &item)) {
        if (item.kind == WIRE_ITEM_GAP) {
            now.gap_calls += item.gap.calls;
            now.span = item.gap.span;
        }
    }
    if (b->lane == WIRE_LANE_METRICS && b->seq < FAKE_GAPS_MAX) {
        struct told *before = &p->told[b->seq];
        f->seen->changed_n += before->came && memcmp(before, &now, sizeof now) != 0;
        *before = now;
    }
}

/* What a plan does to every n-th batch it does to one that could be committed, and counts it even
 * if it then is not: so a batch that is sent again gets through, whatever the numbers of the plan
 * and of the batches in flight. */
static void take_batch(struct fake_collector *f, const struct wire_batch *b) {
    struct producer *p = find(f, &b->producer);
    const bool is_next = p != NULL && b->seq == p->last_seq[b->lane] + 1;
    f->batches_n += is_next;
    if (p != NULL) {
        compare_gaps(f, p, b);
    }
    if (is_next && every(f, f->plan.lose_every) && f->batches_n <= LOSE_UNTIL) {
        return;
    }
    if (p == NULL || (is_next && every(f, f->plan.disown_every))) {
        answer_nack(f, b, 0, WIRE_NACK_UNKNOWN_PRODUCER);
        return;
    }
    if (b->seq > p->last_seq[b->lane] + 1) {
        answer_nack(f, b, p->last_seq[b->lane], WIRE_NACK_GAP);
        return;
    }
    if (is_next) {
        commit(f, p, b);
    }
    if (is_next && every(f, f->plan.hang_up_every)) {
        hang_up(f);
        return;
    }
    if (!f->plan.mute_batches) {
        acknowledge(f, p, b->lane);
    }
    if (f->plan.replace_after > 0 && f->batches_n >= f->plan.replace_after && !f->replaced) {
        forget_all(f);
        hang_up(f);
    }
}

static void receive(struct fake_collector *f) {
    zmq_msg_t part;
    struct wire_frame frame;
    const int n = zmq_recv(f->socket, f->route, ROUTE_BYTES, ZMQ_DONTWAIT);
    if (n < 0) {
        return;
    }
    f->route_len = (size_t)n;
    zmq_msg_init(&part);
    assert_true(zmq_msg_recv(&part, f->socket, 0) >= 0);
    if (wire_decode(zmq_msg_data(&part), zmq_msg_size(&part), &frame) != ERR_OK) {
        f->seen->damaged_n++;
    } else if (frame.kind == WIRE_HELLO) {
        take_hello(f, &frame.hello);
    } else if (frame.kind == WIRE_BATCH) {
        take_batch(f, &frame.batch);
    }
    zmq_msg_close(&part);
}

static void *run(void *context) {
    struct fake_collector *f = context;
    bool stopping = false;
    while (!stopping) {
        zmq_pollitem_t item = {.socket = f->socket, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 5);
        pthread_mutex_lock(&f->lock);
        receive(f);
        stopping = f->stopping;
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

struct fake_collector *fake_start(const char *endpoint, struct fake_plan plan) {
    struct fake_collector *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->seen = calloc(1, sizeof *f->seen);
    assert_non_null(f->seen);
    assert_true(strlen(endpoint) < sizeof f->endpoint);
    memcpy(f->endpoint, endpoint, strlen(endpoint) + 1);
    f->plan = plan;
    buf_init(&f->out, WIRE_FRAME_BYTES_MAX);
    pthread_mutex_init(&f->lock, NULL);
    f->context = zmq_ctx_new();
    assert_non_null(f->context);
    open_socket(f);
    assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
    return f;
}

struct fake_seen fake_look(struct fake_collector *f) {
    pthread_mutex_lock(&f->lock);
    struct fake_seen seen = *f->seen;
    pthread_mutex_unlock(&f->lock);
    seen.calls = NULL;
    return seen;
}

bool fake_wait(struct fake_collector *f, size_t calls_n, size_t alerts_n) {
    const int64_t deadline_ns = clock_mono_ns() + 10 * CLOCK_NS_PER_S;
    while (clock_mono_ns() < deadline_ns) {
        const struct fake_seen seen = fake_look(f);
        if (seen.calls_n >= calls_n && seen.alerts_n >= alerts_n) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

void fake_change(struct fake_collector *f, struct fake_plan plan) {
    pthread_mutex_lock(&f->lock);
    f->owes_acks = f->plan.mute_batches && !plan.mute_batches;
    f->plan = plan;
    pthread_mutex_unlock(&f->lock);
}

struct fake_seen *fake_stop(struct fake_collector *f) {
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    zmq_close(f->socket);
    zmq_ctx_term(f->context);
    pthread_mutex_destroy(&f->lock);
    buf_fini(&f->out);
    struct fake_seen *seen = f->seen;
    free(f);
    return seen;
}

void fake_seen_free(struct fake_seen *seen) {
    free(seen->calls);
    free(seen);
}
