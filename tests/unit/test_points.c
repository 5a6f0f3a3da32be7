/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/points.h"

#define CALLS_MAX 64

/* Arrays as PostgreSQL sends them: their elements, big-endian, with lengths between them. */
struct sent {
    uint8_t bytes[CALLS_MAX * BINARY_STRIDE];
};

static const struct points_window everything = {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};

static void store(struct sent *sent, uint32_t i, uint64_t bits) {
    for (int b = 0; b < 8; b++) {
        sent->bytes[i * BINARY_STRIDE + (size_t)b] = (uint8_t)(bits >> (56 - 8 * b));
    }
}

static struct binary_array steps_of(struct sent *sent, uint32_t n, const int64_t *steps) {
    for (uint32_t i = 0; i < n; i++) {
        store(sent, i, (uint64_t)steps[i]);
    }
    return (struct binary_array){.n = n, .at = sent->bytes};
}

static struct binary_array values_of(struct sent *sent, uint32_t n, const double *values) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        store(sent, i, bits);
    }
    return (struct binary_array){.n = n, .at = sent->bytes};
}

/* A block of rank 0 at a place, with its steps. */
static void add(struct points *points, int64_t place, uint32_t n, const int64_t *steps,
                const double *values) {
    struct sent sent_steps;
    struct sent sent_values;
    struct points_block block = {.origin = {.first_step = steps[0], .place = place},
                                 .steps = steps_of(&sent_steps, n, steps),
                                 .values = values_of(&sent_values, n, values)};
    points_add(points, &block, &everything);
}

/* Takes points. expected: place and position, in the order of points_choose(). */
static void expect(struct points *points, size_t n, const int64_t (*expected)[2]) {
    size_t found = 0;
    struct point *chosen = points_choose(points, &found);
    assert_int_equal(found, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(chosen[i].place, expected[i][0]);
        assert_int_equal(chosen[i].position, expected[i][1]);
    }
    free(chosen);
    points_free(points);
}

#define EXPECT(points, ...)                                                                        \
    do {                                                                                           \
        const int64_t expected[][2] = {__VA_ARGS__};                                               \
        expect(points, sizeof expected / sizeof *expected, expected);                              \
    } while (0)

static void stretches_are_equal_and_the_longer_ones_come_first(void **state) {
    (void)state;
    static const int64_t begins[] = {-2, 1, 4, 6};
    struct points *points = points_new(10, -2, 7);
    size_t n = 0;
    const int64_t *found = points_stretches(points, &n);
    assert_int_equal(n, 4);
    assert_memory_equal(found, begins, sizeof begins);
    points_free(points);
}

static void there_is_no_stretch_without_a_step(void **state) {
    (void)state;
    size_t n = 0;
    struct points *points = points_new(POINTS_MAX, 5, 7);
    assert_int_equal(points_stretches(points, &n)[2], 7);
    assert_int_equal(n, 3);
    points_free(points);
}

static void the_whole_range_of_steps_can_be_cut(void **state) {
    (void)state;
    size_t n = 0;
    struct points *points = points_new(6, INT64_MIN, INT64_MAX);
    const int64_t *begins = points_stretches(points, &n);
    assert_int_equal(n, 2);
    assert_true(begins[0] == INT64_MIN && begins[1] == 0);
    add(points, 1, 3, (const int64_t[]){INT64_MIN, -1, INT64_MAX}, (const double[]){1, 2, 3});
    EXPECT(points, {1, 1}, {1, 2}, {1, 3});
}

static void least_greatest_first_and_last_are_chosen_once(void **state) {
    (void)state;
    struct points *points = points_new(4, 0, 5);
    add(points, 1, 3, (const int64_t[]){0, 1, 2}, (const double[]){3, -7, 4});
    add(points, 2, 3, (const int64_t[]){3, 4, 5}, (const double[]){4.5, 9, 5});
    assert_int_equal(points_total(points), 6);
    EXPECT(points, {1, 1}, {1, 2}, {2, 2}, {2, 3});
}

static void of_equals_the_earliest_is_chosen_in_whatever_order_they_come(void **state) {
    (void)state;
    static const int64_t steps[] = {4, 5, 6};
    static const double values[] = {1, 1, 1};
    for (int turned = 0; turned < 2; turned++) {
        struct points *points = points_new(4, 0, 9);
        add(points, turned ? 8 : 3, 3, steps, values);
        add(points, turned ? 3 : 8, 3, steps, values);
        EXPECT(points, {3, 1});
    }
}

static void what_is_not_finite_is_counted_and_chosen_only_alone(void **state) {
    (void)state;
    struct points *points = points_new(8, 0, 8);
    add(points, 1, 9, (const int64_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8},
        (const double[]){1, NAN, 1, -INFINITY, NAN, INFINITY, 2, NAN, INFINITY});
    assert_int_equal(points_nonfinite(points), 6);
    assert_int_equal(points_total(points), 9);
    EXPECT(points, {1, 1}, {1, 4}, {1, 7}, {1, 9}); /* 9: the last step */
}

static void a_block_in_one_stretch_needs_no_steps(void **state) {
    (void)state;
    struct sent sent;
    struct points *points = points_new(6, 0, 99);
    const double values[] = {5, 4, NAN, 6, 5};
    struct points_block block = {.origin = {.first_step = 60, .place = 7},
                                 .values = values_of(&sent, 5, values)};
    points_add(points, &block, &everything);
    assert_int_equal(points_total(points), 5);
    assert_int_equal(points_nonfinite(points), 1);
    EXPECT(points, {7, 2}, {7, 4});
}

static void what_is_outside_of_the_window_does_not_count(void **state) {
    (void)state;
    static const int64_t steps[] = {0, 1, 2, 3, 9, 2, 1};
    static const int64_t times[] = {0, 10, 20, 30, 40, 50, 60};
    static const double values[] = {-9, 1, 2, -9, -9, 3, -9};
    struct sent sent_steps;
    struct sent sent_times;
    struct sent sent_values;
    struct points *points = points_new(4, 1, 2);
    const struct points_block block = {.origin = {.place = 1},
                                       .steps = steps_of(&sent_steps, 7, steps),
                                       .times = steps_of(&sent_times, 7, times),
                                       .values = values_of(&sent_values, 7, values)};
    const struct points_window window = {1, 2, 10, 50};
    points_add(points, &block, &window);
    assert_int_equal(points_total(points), 3);
    EXPECT(points, {1, 2}, {1, 3}, {1, 6});
}

static void nothing_is_chosen_of_nothing(void **state) {
    (void)state;
    size_t n = 1;
    struct points *points = points_new(1000, 0, 0);
    struct point *chosen = points_choose(points, &n);
    assert_int_equal(n, 0);
    free(chosen);
    points_free(points);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretches_are_equal_and_the_longer_ones_come_first),
        cmocka_unit_test(there_is_no_stretch_without_a_step),
        cmocka_unit_test(the_whole_range_of_steps_can_be_cut),
        cmocka_unit_test(least_greatest_first_and_last_are_chosen_once),
        cmocka_unit_test(of_equals_the_earliest_is_chosen_in_whatever_order_they_come),
        cmocka_unit_test(what_is_not_finite_is_counted_and_chosen_only_alone),
        cmocka_unit_test(a_block_in_one_stretch_needs_no_steps),
        cmocka_unit_test(what_is_outside_of_the_window_does_not_count),
        cmocka_unit_test(nothing_is_chosen_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
