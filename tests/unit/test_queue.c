/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "collector/queue.h"
#include "schema/wire/clock.h"

#define LONG_NS (20 * CLOCK_NS_PER_S)

static struct message *make(enum wire_lane lane, uint64_t seq, size_t len) {
    static const uint8_t zeros[4096];
    struct message *message = message_new(len, zeros);
    message->frame = (struct wire_frame){.kind = WIRE_BATCH};
    message->frame.batch.lane = lane;
    message->frame.batch.seq = seq;
    return message;
}

static void push(struct queue *queue, enum wire_lane lane, uint64_t seq, size_t len) {
    struct message *message = make(lane, seq, len);
    queue_push(queue, &message);
    assert_null(message);
}

static uint64_t pop_seq(struct queue *queue) {
    struct message *message = queue_pop(queue, clock_mono_ns() + LONG_NS);
    assert_non_null(message);
    const uint64_t seq = message->frame.batch.seq;
    free(message);
    return seq;
}

static atomic_int wakes;

static void count_wake(void *context) {
    (void)context;
    atomic_fetch_add(&wakes, 1);
}

static void events_overtake_metrics_and_each_keeps_its_order(void **state) {
    (void)state;
    struct queue *queue = queue_new(100000, count_wake, NULL);
    push(queue, WIRE_LANE_METRICS, 1, 10);
    push(queue, WIRE_LANE_METRICS, 2, 10);
    push(queue, WIRE_LANE_EVENTS, 100, 10);
    push(queue, WIRE_LANE_EVENTS, 101, 10);
    assert_int_equal(pop_seq(queue), 100);
    push(queue, WIRE_LANE_METRICS, 3, 10);
    assert_int_equal(pop_seq(queue), 101);
    assert_null(queue_pop_urgent(queue));
    assert_int_equal(pop_seq(queue), 1);
    assert_int_equal(pop_seq(queue), 2);
    assert_int_equal(pop_seq(queue), 3);
    queue_free(queue);
}

static void hellos_are_urgent(void **state) {
    (void)state;
    struct queue *queue = queue_new(100000, count_wake, NULL);
    push(queue, WIRE_LANE_METRICS, 1, 10);
    struct message *hello = message_new(1, "h");
    hello->frame.kind = WIRE_HELLO;
    queue_push(queue, &hello);
    struct message *first = queue_pop(queue, 0);
    assert_int_equal(first->frame.kind, WIRE_HELLO);
    free(first);
    queue_free(queue);
}

static void a_full_queue_wakes_its_pusher_when_half_is_gone(void **state) {
    (void)state;
    atomic_store(&wakes, 0);
    struct queue *queue = queue_new(10000, count_wake, NULL);
    for (uint64_t seq = 1; !queue_is_full(queue); seq++) {
        push(queue, WIRE_LANE_METRICS, seq, 700);
    }
    size_t popped = 0;
    while (atomic_load(&wakes) == 0) {
        pop_seq(queue);
        popped++;
    }
    assert_true(popped >= 5);
    assert_false(queue_is_full(queue));
    pop_seq(queue);
    assert_int_equal(atomic_load(&wakes), 1); /* once for each time it was found full */
    queue_free(queue);
}

static void a_closed_queue_gives_what_is_left_and_then_ends(void **state) {
    (void)state;
    struct queue *queue = queue_new(10000, count_wake, NULL);
    push(queue, WIRE_LANE_METRICS, 1, 10);
    queue_close(queue);
    assert_false(queue_is_done(queue));
    assert_int_equal(pop_seq(queue), 1);
    assert_true(queue_is_done(queue));
    assert_null(queue_pop(queue, clock_mono_ns() + LONG_NS)); /* at once, or this test times out */
    queue_free(queue);
}

static void an_empty_queue_waits_until_the_deadline(void **state) {
    (void)state;
    struct queue *queue = queue_new(10000, count_wake, NULL);
    const int64_t deadline_ns = clock_mono_ns() + 20 * CLOCK_NS_PER_MS;
    assert_null(queue_pop(queue, deadline_ns));
    assert_true(clock_mono_ns() >= deadline_ns);
    assert_null(queue_pop(queue, 0));
    queue_free(queue);
}

#define CROSSING 20000

static void *push_many(void *context) {
    for (uint64_t seq = 1; seq <= CROSSING; seq++) {
        push(context, WIRE_LANE_METRICS, seq, 8);
    }
    queue_close(context);
    return NULL;
}

static void nothing_is_lost_between_two_threads(void **state) {
    (void)state;
    struct queue *queue = queue_new(SIZE_MAX, count_wake, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_many, queue), 0);
    for (uint64_t seq = 1; seq <= CROSSING; seq++) {
        assert_int_equal(pop_seq(queue), seq);
    }
    pthread_join(thread, NULL);
    assert_true(queue_is_done(queue));
    queue_free(queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_overtake_metrics_and_each_keeps_its_order),
        cmocka_unit_test(hellos_are_urgent),
        cmocka_unit_test(a_full_queue_wakes_its_pusher_when_half_is_gone),
        cmocka_unit_test(a_closed_queue_gives_what_is_left_and_then_ends),
        cmocka_unit_test(an_empty_queue_waits_until_the_deadline),
        cmocka_unit_test(nothing_is_lost_between_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
