/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "collector/pgarray.h"
#include "collector/run_state.h"

static uint8_t steps_room[8 * 16];
static uint8_t times_room[8 * 16];
static uint8_t values_room[8 * 64];

static struct wire_block make(uint32_t calls, uint32_t columns, const int64_t *steps,
                              const double *values) {
    for (uint32_t i = 0; i < calls; i++) {
        wire_store_u64(steps_room, i, (uint64_t)steps[i]);
        wire_store_u64(times_room, i, (uint64_t)steps[i] * 1000 + i * 1000000);
    }
    for (uint32_t i = 0; i < calls * columns; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        wire_store_u64(values_room, i, bits);
    }
    return (struct wire_block){.keyset_id = 1,
                               .columns = columns,
                               .calls = calls,
                               .steps = steps_room,
                               .times_ns = times_room,
                               .values = values_room};
}

static void merge(struct run_state *state, uint32_t calls, const int64_t *steps,
                  const double *values) {
    const struct wire_block block = make(calls, 1, steps, values);
    run_state_merge(state, &block);
}

static void columns_are_kept_apart(void **state) {
    (void)state;
    struct run_state *run = run_state_new();
    const struct wire_block block =
        make(3, 2, (const int64_t[]){1, 2, 3}, (const double[]){5, 4, 6, -1, -3, -2});
    run_state_merge(run, &block);
    const struct run_state_row *row = run_state_next(run, NULL);
    assert_int_equal(row->calls, 3);
    assert_int_equal(row->first_step, 1);
    assert_int_equal(row->last_step, 3);
    assert_true(row->last[0] == 6 && row->minimum[0] == 4 && row->maximum[0] == 6);
    assert_true(row->last[1] == -2 && row->minimum[1] == -3 && row->maximum[1] == -1);
    assert_true(row->dirty);
    assert_null(run_state_next(run, row));
    run_state_free(run);
}

static void nan_is_ignored_unless_there_is_nothing_else(void **state) {
    (void)state;
    struct run_state *run = run_state_new();
    merge(run, 1, (const int64_t[]){1}, (const double[]){NAN});
    const struct run_state_row *row = run_state_next(run, NULL);
    assert_true(isnan(row->last[0]) && isnan(row->minimum[0]) && isnan(row->maximum[0]));
    merge(run, 3, (const int64_t[]){2, 3, 4}, (const double[]){2, -INFINITY, NAN});
    assert_true(isnan(row->last[0]));
    assert_true(row->minimum[0] == -INFINITY && row->maximum[0] == 2);
    run_state_free(run);
}

static void last_is_of_the_highest_step_not_of_the_latest_call(void **state) {
    (void)state;
    struct run_state *run = run_state_new();
    merge(run, 2, (const int64_t[]){9, 4}, (const double[]){1, 2});
    const struct run_state_row *row = run_state_next(run, NULL);
    assert_true(row->last[0] == 1);
    merge(run, 1, (const int64_t[]){8}, (const double[]){3});
    assert_true(row->last[0] == 1 && row->last_step == 9 && row->first_step == 4);
    assert_int_equal(row->last_time_us, pgarray_time_of_ns(9000));
    run_state_free(run);
}

static void of_equal_steps_the_latest_counts(void **state) {
    (void)state;
    struct run_state *run = run_state_new();
    merge(run, 3, (const int64_t[]){5, 5, 3}, (const double[]){1, 2, 9});
    const struct run_state_row *row = run_state_next(run, NULL);
    assert_true(row->last[0] == 2);
    assert_int_equal(row->last_time_us, pgarray_time_of_ns(5000 + 1000000));
    merge(run, 1, (const int64_t[]){5}, (const double[]){7});
    assert_true(row->last[0] == 7);
    assert_int_equal(row->calls, 4);
    run_state_free(run);
}

static void any_cut_into_blocks_gives_the_same(void **state) {
    (void)state;
    const int64_t steps[] = {3, 1, 4, 4, 2, 7, 7, 6};
    const double values[] = {NAN, 2, -8, 5, NAN, 1, INFINITY, -3};
    struct run_state *whole = run_state_new();
    merge(whole, 8, steps, values);
    const struct run_state_row *expected = run_state_next(whole, NULL);
    for (uint32_t cut = 1; cut < 8; cut++) {
        struct run_state *parts = run_state_new();
        merge(parts, cut, steps, values);
        merge(parts, 8 - cut, steps + cut, values + cut);
        const struct run_state_row *row = run_state_next(parts, NULL);
        assert_int_equal(row->calls, expected->calls);
        assert_int_equal(row->first_step, expected->first_step);
        assert_int_equal(row->last_step, expected->last_step);
        assert_memory_equal(row->last, expected->last, sizeof(double));
        assert_memory_equal(row->minimum, expected->minimum, sizeof(double));
        assert_memory_equal(row->maximum, expected->maximum, sizeof(double));
        run_state_free(parts);
    }
    run_state_free(whole);
}

static void another_width_is_left_out(void **state) {
    (void)state;
    struct run_state *run = run_state_new();
    merge(run, 1, (const int64_t[]){1}, (const double[]){5});
    const size_t bytes = run_state_bytes(run);
    const struct wire_block wide = make(1, 4, (const int64_t[]){2}, (const double[]){1, 2, 3, 4});
    run_state_merge(run, &wide);
    const struct run_state_row *row = run_state_next(run, NULL);
    assert_int_equal(row->calls, 1);
    assert_int_equal(row->last_step, 1);
    assert_int_equal(run_state_bytes(run), bytes);
    run_state_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_kept_apart),
        cmocka_unit_test(nan_is_ignored_unless_there_is_nothing_else),
        cmocka_unit_test(last_is_of_the_highest_step_not_of_the_latest_call),
        cmocka_unit_test(of_equal_steps_the_latest_counts),
        cmocka_unit_test(any_cut_into_blocks_gives_the_same),
        cmocka_unit_test(another_width_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
