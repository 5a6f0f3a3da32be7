/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/ring.h"

#define RING_BYTES   1024
#define HEADER_BYTES 16
#define KEY          UINT64_C(0x5bd1e9955bd1e995)

struct fixture {
    struct ring_shared shared;
    alignas(16) uint8_t bytes[RING_BYTES];
    struct ring ring;
};

static void make(struct fixture *f) {
    memset(f, 0, sizeof *f);
    f->ring =
        (struct ring){.shared = &f->shared, .bytes = f->bytes, .size = RING_BYTES, .key = KEY};
}

static bool push(struct ring *ring, const void *bytes, uint32_t len) {
    uint64_t position;
    void *room = ring_reserve(ring, RING_CALL, len, &position);
    if (room == NULL) {
        return false;
    }
    memcpy(room, bytes, len);
    ring_publish(ring, position);
    return true;
}

/* Reads the record at *at and moves on. */
static bool pull(const struct ring *ring, uint64_t *at, struct ring_record *out) {
    if (!ring_read(ring, *at, out)) {
        return false;
    }
    *at = out->next;
    return true;
}

static void what_is_published_is_read_in_order(void **state) {
    (void)state;
    struct fixture f;
    struct ring_record record;
    uint64_t at = 0;
    make(&f);
    assert_false(ring_read(&f.ring, 0, &record));
    assert_true(push(&f.ring, "first", 5));
    assert_true(push(&f.ring, "", 0));
    assert_true(push(&f.ring, "third", 5));
    assert_true(pull(&f.ring, &at, &record));
    assert_int_equal(record.kind, RING_CALL);
    assert_int_equal(record.len, 5);
    assert_memory_equal(record.payload, "first", 5);
    assert_true(pull(&f.ring, &at, &record));
    assert_int_equal(record.len, 0);
    assert_true(pull(&f.ring, &at, &record));
    assert_memory_equal(record.payload, "third", 5);
    assert_false(pull(&f.ring, &at, &record));
}

struct model {
    struct fixture f;
    uint64_t pushed;
    uint64_t pulled;
    uint64_t at;
};

/* Record i has a length and a content of its own. */
static uint32_t length_of(uint64_t i) {
    return (uint32_t)(i * 37 % 300);
}

static bool push_next(struct model *m) {
    uint8_t payload[300];
    memset(payload, (int)(m->pushed & 0xff), sizeof payload);
    if (!push(&m->f.ring, payload, length_of(m->pushed))) {
        return false;
    }
    m->pushed++;
    return true;
}

static void pull_next(struct model *m) {
    struct ring_record record;
    assert_true(pull(&m->f.ring, &m->at, &record));
    assert_int_equal(record.len, length_of(m->pulled));
    assert_true(record.payload + record.len <= m->f.bytes + RING_BYTES);
    for (uint32_t i = 0; i < record.len; i++) {
        assert_int_equal(record.payload[i], m->pulled & 0xff);
    }
    m->pulled++;
}

/* Filled to the last record and partly emptied again and again, so that turns end at every place:
 * no record is torn, lost, or overwritten before it is released. */
static void records_of_any_length_survive_the_wrap(void **state) {
    (void)state;
    struct model m = {.pushed = 0};
    make(&m.f);
    for (uint64_t round = 0; round < 2000; round++) {
        while (push_next(&m)) {
        }
        assert_true(m.pushed > m.pulled);
        for (uint64_t n = 1 + round % (m.pushed - m.pulled); n > 0; n--) {
            pull_next(&m);
        }
        ring_release(&m.f.ring, m.at);
    }
    assert_true(m.at > 100 * RING_BYTES);
}

static void a_full_ring_takes_nothing_and_keeps_what_it_has(void **state) {
    (void)state;
    struct fixture f;
    struct ring_record record;
    uint64_t at = 0;
    uint64_t n = 0;
    make(&f);
    while (push(&f.ring, &n, sizeof n)) {
        n++;
    }
    assert_int_equal(n, RING_BYTES / (HEADER_BYTES + 16));
    assert_false(push(&f.ring, &n, sizeof n));
    for (uint64_t i = 0; i < n; i++) {
        assert_true(pull(&f.ring, &at, &record));
        assert_memory_equal(record.payload, &i, sizeof i);
    }
    assert_false(push(&f.ring, &n, sizeof n)); /* reading frees nothing, releasing does */
    ring_release(&f.ring, at);
    assert_true(push(&f.ring, &n, sizeof n));
}

static void a_record_larger_than_the_ring_is_refused(void **state) {
    (void)state;
    struct fixture f;
    uint64_t position;
    make(&f);
    assert_null(ring_reserve(&f.ring, RING_CALL, RING_BYTES - HEADER_BYTES + 1, &position));
    assert_null(ring_reserve(&f.ring, RING_CALL, UINT32_MAX, &position));
    assert_non_null(ring_reserve(&f.ring, RING_CALL, RING_BYTES - HEADER_BYTES, &position));
}

static void the_reader_stops_at_an_unpublished_record(void **state) {
    (void)state;
    struct fixture f;
    struct ring_record record;
    uint64_t slow;
    uint64_t at = 0;
    make(&f);
    void *room = ring_reserve(&f.ring, RING_CALL, 4, &slow);
    assert_non_null(room);
    assert_true(push(&f.ring, "fast", 4));
    assert_false(pull(&f.ring, &at, &record));
    memcpy(room, "slow", 4);
    ring_publish(&f.ring, slow);
    assert_true(pull(&f.ring, &at, &record));
    assert_memory_equal(record.payload, "slow", 4);
    assert_true(pull(&f.ring, &at, &record));
    assert_memory_equal(record.payload, "fast", 4);
}

/* A writer that was killed between taking room and publishing: the bytes of an earlier turn, which
 * were a whole record at this very place, must not be taken for the new one. */
static void a_record_of_an_earlier_turn_is_not_read_again(void **state) {
    (void)state;
    struct fixture f;
    struct ring_record record;
    uint64_t position;
    uint64_t at = 0;
    make(&f);
    for (int i = 0; i < RING_BYTES / 32; i++) {
        assert_true(push(&f.ring, "0123456789abcdef", 16));
        assert_true(pull(&f.ring, &at, &record));
    }
    assert_int_equal(at, RING_BYTES);
    ring_release(&f.ring, at);
    assert_non_null(ring_reserve(&f.ring, RING_CALL, 16, &position));
    assert_int_equal(position, RING_BYTES);
    assert_false(ring_read(&f.ring, position, &record));
}

/* Writers and a reader at once. Each writer has a few records in a ring that holds many more, so a
 * ring that says it is full is wrong: it saw a head that is behind the tail by now. */
#define WRITERS            3
#define RECORDS_PER_WRITER 300000
#define UNREAD_MAX         4

struct race {
    struct fixture f;
    _Atomic uint64_t read[WRITERS];
    _Atomic uint64_t false_full;
};

struct writer {
    struct race *race;
    uint64_t number;
};

static void *write_records(void *context) {
    const struct writer *w = context;
    for (uint64_t i = 0; i < RECORDS_PER_WRITER; i++) {
        const uint64_t payload[] = {w->number, i};
        while (!push(&w->race->f.ring, payload, sizeof payload)) {
            atomic_fetch_add(&w->race->false_full, 1);
        }
        while (i + 1 - atomic_load(&w->race->read[w->number]) > UNREAD_MAX) {
            sched_yield();
        }
    }
    return NULL;
}

static void read_records(struct race *race) {
    struct ring_record record;
    uint64_t at = 0;
    for (uint64_t n = 0; n < WRITERS * RECORDS_PER_WRITER; n++) {
        while (!pull(&race->f.ring, &at, &record)) {
            sched_yield();
        }
        uint64_t payload[2];
        memcpy(payload, record.payload, sizeof payload);
        ring_release(&race->f.ring, at);
        assert_true(payload[0] < WRITERS);
        assert_int_equal(payload[1], atomic_load(&race->read[payload[0]]));
        atomic_fetch_add(&race->read[payload[0]], 1);
    }
}

static void two_writers_lose_nothing_and_see_no_false_full(void **state) {
    (void)state;
    static struct race race;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    make(&race.f);
    for (uint64_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){&race, i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_records, &writers[i]), 0);
    }
    read_records(&race);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&race.false_full), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_read_in_order),
        cmocka_unit_test(records_of_any_length_survive_the_wrap),
        cmocka_unit_test(a_full_ring_takes_nothing_and_keeps_what_it_has),
        cmocka_unit_test(a_record_larger_than_the_ring_is_refused),
        cmocka_unit_test(the_reader_stops_at_an_unpublished_record),
        cmocka_unit_test(a_record_of_an_earlier_turn_is_not_read_again),
        cmocka_unit_test(two_writers_lose_nothing_and_see_no_false_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
