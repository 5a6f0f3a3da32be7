/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "collector/compact/calls.h"
#include "collector/compact/rollup.h"

#define ROOM 1024

struct words { /* as PostgreSQL sends an array: big-endian, four bytes of length before each */
    uint8_t bytes[ROOM * BINARY_STRIDE];
};

static struct binary_array put(struct words *words, uint32_t n, const int64_t *values) {
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t big = __builtin_bswap64((uint64_t)values[i]);
        memcpy(words->bytes + (size_t)i * BINARY_STRIDE, &big, sizeof big);
    }
    return (struct binary_array){.n = n, .at = words->bytes};
}

static int64_t bits_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A block; values column by column. */
static bool add(struct calls *calls, uint32_t n, uint32_t columns, const int64_t *steps,
                const int64_t *times, const double *values) {
    static struct words rooms[3];
    int64_t bits[ROOM];
    for (uint32_t i = 0; i < n * columns; i++) {
        bits[i] = bits_of(values[i]);
    }
    const struct binary_array s = put(&rooms[0], n, steps);
    const struct binary_array t = put(&rooms[1], n, times);
    const struct binary_array v = put(&rooms[2], n * columns, bits);
    return calls_add(calls, &s, &t, &v);
}

static void calls_come_out_in_the_order_of_their_steps(void **state) {
    (void)state;
    struct calls *calls = calls_new(2);
    assert_true(add(calls, 3, 2, (const int64_t[]){5, 3, 5}, (const int64_t[]){20, 1, 10},
                    (const double[]){1, 2, 3, -1, -2, -3}));
    assert_true(add(calls, 2, 2, (const int64_t[]){5, -9}, (const int64_t[]){10, 99},
                    (const double[]){4, 5, -4, NAN}));
    calls_sort(calls);
    static const double expected[] = {5, 2, 3, 4,
                                      1}; /* steps -9, 3, 5 5 5: by time, as they came */
    assert_int_equal(calls_n(calls), 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(calls_value(calls, i, 0) == expected[i]);
    }
    assert_int_equal(calls_step(calls, 0), -9);
    assert_int_equal(calls_time_us(calls, 4), 20);
    assert_int_equal(calls_bits(calls, 0, 1), bits_of(NAN));
    calls_free(calls);
}

static void arrays_that_do_not_fit_together_are_refused(void **state) {
    (void)state;
    static struct words words;
    const int64_t zeros[8] = {0};
    const struct binary_array four = put(&words, 4, zeros);
    const struct binary_array two = {.n = 2, .at = words.bytes};
    const struct binary_array none = {.n = 0};
    struct calls *calls = calls_new(2);
    assert_false(calls_add(calls, &two, &two, &two));
    assert_false(calls_add(calls, &two, &four, &four));
    assert_false(calls_add(calls, &none, &none, &none));
    assert_true(calls_add(calls, &two, &two, &four));
    assert_int_equal(calls_n(calls), 2);
    calls_free(calls);
    calls = calls_new((uint32_t)CALLS_VALUES_MAX);
    assert_false(calls_add(calls, &two, &two, &four));
    calls_free(calls);
}

static struct calls *series(uint32_t n, int64_t first, int64_t stride) {
    struct calls *calls = calls_new(1);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t step = first + (int64_t)i * stride;
        assert_true(add(calls, 1, 1, &step, &step, (const double[]){i}));
    }
    return calls;
}

static void a_bucket_holds_some_32_calls_whatever_the_stride(void **state) {
    (void)state;
    static const struct {
        int64_t stride;
        uint64_t width;
    } rows[] = {{1, 32}, {2, 64}, {10, 256}, {1000, 32768}, {INT64_C(1) << 50, UINT64_C(1) << 55}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct calls *calls = series(512, -100, rows[i].stride);
        assert_int_equal(rollup_width(calls), rows[i].width);
        calls_free(calls);
    }
    struct calls *one = series(1, INT64_MIN, 1);
    assert_int_equal(rollup_width(one), 32);
    calls_free(one);
    struct calls *far = calls_new(1);
    assert_true(add(far, 2, 1, (const int64_t[]){INT64_MIN, INT64_MAX}, (const int64_t[]){0, 0},
                    (const double[]){0, 0}));
    assert_int_equal(rollup_width(far), UINT64_C(1) << 62);
    assert_int_equal(rollup_wider(UINT64_C(1) << 62), UINT64_C(1) << 62);
    calls_free(far);
}

static void buckets_begin_at_multiples_of_their_width(void **state) {
    (void)state;
    struct calls *calls = series(10, -5, 1);
    struct rollup rollup;
    rollup_init(&rollup, calls, 4);
    static const int64_t firsts[] = {-5, -4, 0, 4};
    static const int64_t lasts[] = {-5, -1, 3, 4};
    assert_int_equal(rollup.n, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(rollup.buckets[i].first_step, firsts[i]);
        assert_int_equal(rollup.buckets[i].last_step, lasts[i]);
        assert_int_equal(rollup.buckets[i].calls, lasts[i] - firsts[i] + 1);
    }
    rollup_fini(&rollup);
    calls_free(calls);
}

static void what_is_not_finite_counts_as_odd_only(void **state) {
    (void)state;
    struct calls *calls = calls_new(2);
    assert_true(add(calls, 4, 2, (const int64_t[]){0, 1, 2, 3}, (const int64_t[]){9, 4, 8, 5},
                    (const double[]){NAN, 2, -INFINITY, 2, NAN, NAN, INFINITY, NAN}));
    struct rollup rollup;
    rollup_init(&rollup, calls, 4);
    assert_int_equal(rollup.n, 1);
    const struct rollup_values *some = &rollup.values[0];
    assert_true(some->minimum == 2 && some->maximum == 2 && some->sum == 4 && some->last == 2);
    assert_int_equal(some->minimum_step, 1); /* the first of equals */
    assert_int_equal(some->maximum_step, 1);
    assert_int_equal(some->odd, 2);
    const struct rollup_values *none = &rollup.values[1];
    assert_true(isnan(none->minimum) && isnan(none->maximum) && none->sum == 0 &&
                isnan(none->last));
    assert_int_equal(none->odd, 4);
    assert_int_equal(rollup.buckets[0].first_time_us, 4);
    assert_int_equal(rollup.buckets[0].last_time_us, 9);
    rollup_fini(&rollup);
    calls_free(calls);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_come_out_in_the_order_of_their_steps),
        cmocka_unit_test(arrays_that_do_not_fit_together_are_refused),
        cmocka_unit_test(a_bucket_holds_some_32_calls_whatever_the_stride),
        cmocka_unit_test(buckets_begin_at_multiples_of_their_width),
        cmocka_unit_test(what_is_not_finite_counts_as_odd_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
