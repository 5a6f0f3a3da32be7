/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/marks.h"

static const struct wire_id A = {{'a'}};
static const struct wire_id B = {{'b'}};
static const struct peer FIRST = {.len = 5, .bytes = "\0aaa"};
static const struct peer SECOND = {.len = 5, .bytes = "\0bbb"};

static struct marks *make(size_t max) {
    return marks_new(max);
}

static void welcome(struct marks *marks, const struct wire_id *id, uint64_t events,
                    uint64_t metrics) {
    const uint64_t last_seq[WIRE_LANES] = {events, metrics};
    marks_hello(marks, id, &FIRST);
    marks_welcome(marks, id, last_seq);
}

static enum marks_verdict check(struct marks *marks, uint64_t seq) {
    uint64_t committed;
    return marks_check(marks, &A, WIRE_LANE_METRICS, seq, &committed);
}

static void only_the_next_batch_is_new(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 0);
    assert_int_equal(check(marks, 2), MARKS_GAP);
    assert_int_equal(check(marks, 1), MARKS_NEW);
    assert_int_equal(check(marks, 3), MARKS_GAP);
    assert_int_equal(check(marks, 2), MARKS_NEW);
    marks_free(marks);
}

static void in_flight_is_silent_until_it_is_committed(void **state) {
    (void)state;
    struct marks *marks = make(10);
    uint64_t committed = 99;
    welcome(marks, &A, 0, 0);
    assert_int_equal(check(marks, 1), MARKS_NEW);
    assert_int_equal(check(marks, 1), MARKS_DUPLICATE_IN_FLIGHT);
    marks_commit(marks, &A, WIRE_LANE_METRICS, 1);
    assert_int_equal(marks_check(marks, &A, WIRE_LANE_METRICS, 1, &committed),
                     MARKS_DUPLICATE_COMMITTED);
    assert_int_equal(committed, 1);
    marks_free(marks);
}

static void a_gap_tells_what_is_committed_and_not_what_is_received(void **state) {
    (void)state;
    struct marks *marks = make(10);
    uint64_t committed = 99;
    welcome(marks, &A, 0, 3);
    assert_int_equal(check(marks, 4), MARKS_NEW);
    assert_int_equal(marks_check(marks, &A, WIRE_LANE_METRICS, 6, &committed), MARKS_GAP);
    assert_int_equal(committed, 3);
    marks_free(marks);
}

static void lanes_do_not_touch_each_other(void **state) {
    (void)state;
    struct marks *marks = make(10);
    uint64_t committed;
    welcome(marks, &A, 7, 0);
    assert_int_equal(check(marks, 1), MARKS_NEW);
    assert_int_equal(marks_check(marks, &A, WIRE_LANE_EVENTS, 8, &committed), MARKS_NEW);
    marks_commit(marks, &A, WIRE_LANE_METRICS, 1);
    assert_int_equal(marks_check(marks, &A, WIRE_LANE_EVENTS, 8, &committed),
                     MARKS_DUPLICATE_IN_FLIGHT);
    assert_int_equal(committed, 7);
    marks_free(marks);
}

static void nothing_is_accepted_before_the_welcome(void **state) {
    (void)state;
    struct marks *marks = make(10);
    assert_int_equal(check(marks, 1), MARKS_UNKNOWN);
    marks_hello(marks, &A, &FIRST);
    assert_int_equal(check(marks, 1), MARKS_UNKNOWN);
    marks_welcome(marks, &A, (const uint64_t[]){0, 0});
    assert_int_equal(check(marks, 1), MARKS_NEW);
    marks_free(marks);
}

static void a_failed_batch_is_expected_again(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 0);
    assert_int_equal(check(marks, 1), MARKS_NEW);
    assert_int_equal(check(marks, 2), MARKS_NEW);
    marks_commit(marks, &A, WIRE_LANE_METRICS, 1);
    marks_roll_back(marks, &A, WIRE_LANE_METRICS, 1);
    assert_int_equal(check(marks, 3), MARKS_GAP);
    assert_int_equal(check(marks, 2), MARKS_NEW);
    marks_free(marks);
}

static void a_second_hello_waits_for_the_first_but_takes_its_answer(void **state) {
    (void)state;
    struct marks *marks = make(10);
    assert_true(marks_hello(marks, &A, &FIRST));
    assert_false(marks_hello(marks, &A, &SECOND));
    assert_memory_equal(marks_peer_of(marks, &A), &SECOND, sizeof SECOND);
    marks_welcome(marks, &A, (const uint64_t[]){0, 0});
    assert_true(marks_hello(marks, &A, &FIRST));
    marks_free(marks);
}

/* Metrics may still be on their way to the writer when a hello, which overtakes them, is answered:
 * they keep their marks, or they would be taken a second time. */
static void a_welcome_keeps_what_is_in_flight(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 0);
    assert_int_equal(check(marks, 1), MARKS_NEW);
    assert_int_equal(check(marks, 2), MARKS_NEW);
    welcome(marks, &A, 0, 0);
    assert_int_equal(check(marks, 1), MARKS_DUPLICATE_IN_FLIGHT);
    assert_int_equal(check(marks, 3), MARKS_NEW);
    marks_free(marks);
}

static void a_welcome_moves_both_ways_when_nothing_is_in_flight(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 5);
    welcome(marks, &A, 0, 9); /* another collector got further */
    assert_int_equal(check(marks, 10), MARKS_NEW);
    marks_commit(marks, &A, WIRE_LANE_METRICS, 10);
    welcome(marks, &A, 0, 4); /* the database is of yesterday */
    assert_int_equal(check(marks, 11), MARKS_GAP);
    assert_int_equal(check(marks, 5), MARKS_NEW);
    marks_free(marks);
}

static void the_longest_unused_producer_is_forgotten(void **state) {
    (void)state;
    struct marks *marks = make(2);
    const struct wire_id c = {{'c'}};
    welcome(marks, &A, 0, 0);
    welcome(marks, &B, 0, 0);
    assert_int_equal(check(marks, 1), MARKS_NEW); /* A is used */
    welcome(marks, &c, 0, 0);
    assert_int_equal(marks_n(marks), 2);
    assert_non_null(marks_peer_of(marks, &A));
    assert_null(marks_peer_of(marks, &B));
    marks_free(marks);
}

static void answers_for_a_forgotten_producer_change_nothing(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 0);
    marks_forget(marks, &A);
    marks_commit(marks, &A, WIRE_LANE_METRICS, 4);
    marks_roll_back(marks, &A, WIRE_LANE_METRICS, 4);
    marks_welcome(marks, &A, (const uint64_t[]){1, 1});
    assert_int_equal(marks_n(marks), 0);
    assert_int_equal(check(marks, 1), MARKS_UNKNOWN);
    marks_free(marks);
}

static enum marks_claim claim(struct marks *marks, uint64_t key_id, int64_t binding) {
    const struct marks_owner owner = {.key_id = key_id, .binding = binding};
    return marks_claim(marks, &A, &owner);
}

static void own(struct marks *marks, uint64_t key_id, int64_t binding) {
    const struct marks_owner owner = {.key_id = key_id, .binding = binding};
    marks_own(marks, &A, &owner);
}

static void a_producer_is_spoken_for_by_its_key_only(void **state) {
    (void)state;
    struct marks *marks = make(10);
    assert_int_equal(claim(marks, 1, 0), MARKS_CLAIM_GOOD); /* nobody is there yet */
    welcome(marks, &A, 0, 0);
    own(marks, 1, 0);
    assert_int_equal(claim(marks, 1, 0), MARKS_CLAIM_GOOD);
    assert_int_equal(claim(marks, 2, 0), MARKS_CLAIM_FOREIGN);
    assert_int_equal(claim(marks, 0, 0), MARKS_CLAIM_STALE); /* from this machine: says hello */
    marks_free(marks);
}

static void a_producer_without_a_key_says_hello_with_one(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 0);
    assert_int_equal(claim(marks, 0, 0), MARKS_CLAIM_GOOD);
    assert_int_equal(claim(marks, 1, 0), MARKS_CLAIM_STALE);
    marks_free(marks);
}

static void other_rights_need_another_hello(void **state) {
    (void)state;
    struct marks *marks = make(10);
    welcome(marks, &A, 0, 0);
    own(marks, 1, 5);
    assert_int_equal(claim(marks, 1, 5), MARKS_CLAIM_GOOD);
    assert_int_equal(claim(marks, 1, 6), MARKS_CLAIM_STALE);
    own(marks, 1, 6);
    assert_int_equal(claim(marks, 1, 6), MARKS_CLAIM_GOOD);
    marks_free(marks);
}

static void a_batch_taken_back_is_expected_again(void **state) {
    (void)state;
    struct marks *marks = make(10);
    uint64_t committed = 99;
    welcome(marks, &A, 0, 0);
    assert_int_equal(check(marks, 1), MARKS_NEW);
    assert_int_equal(check(marks, 2), MARKS_NEW);
    marks_take_back(marks, &A, WIRE_LANE_METRICS, 2);
    assert_int_equal(check(marks, 3), MARKS_GAP);
    assert_int_equal(check(marks, 1), MARKS_DUPLICATE_IN_FLIGHT); /* its commit is on its way */
    assert_int_equal(marks_check(marks, &A, WIRE_LANE_METRICS, 2, &committed), MARKS_NEW);
    assert_int_equal(committed, 0);
    marks_free(marks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_producer_is_spoken_for_by_its_key_only),
        cmocka_unit_test(a_producer_without_a_key_says_hello_with_one),
        cmocka_unit_test(other_rights_need_another_hello),
        cmocka_unit_test(a_batch_taken_back_is_expected_again),
        cmocka_unit_test(only_the_next_batch_is_new),
        cmocka_unit_test(in_flight_is_silent_until_it_is_committed),
        cmocka_unit_test(a_gap_tells_what_is_committed_and_not_what_is_received),
        cmocka_unit_test(lanes_do_not_touch_each_other),
        cmocka_unit_test(nothing_is_accepted_before_the_welcome),
        cmocka_unit_test(a_failed_batch_is_expected_again),
        cmocka_unit_test(a_second_hello_waits_for_the_first_but_takes_its_answer),
        cmocka_unit_test(a_welcome_keeps_what_is_in_flight),
        cmocka_unit_test(a_welcome_moves_both_ways_when_nothing_is_in_flight),
        cmocka_unit_test(the_longest_unused_producer_is_forgotten),
        cmocka_unit_test(answers_for_a_forgotten_producer_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
