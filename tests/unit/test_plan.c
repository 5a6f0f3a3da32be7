/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "collector/compact/plan.h"

#define MANY ((size_t)1 << 20)

static struct plan plan;

/* calls: of blocks that are not rolled, or, if negative, that are. 0 ends them. */
static void make(const int *calls, bool quiet, size_t values_max) {
    struct plan_block blocks[64];
    size_t n = 0;
    for (; calls[n] != 0; n++) {
        blocks[n] = (struct plan_block){.first_step = (int64_t)n * 1000,
                                        .calls = (uint32_t)abs(calls[n]),
                                        .rolled = calls[n] < 0};
    }
    plan_make(blocks, n, 1, quiet, values_max, &plan);
}

static void expect(size_t n, const size_t ends[][2], int64_t calls) {
    assert_int_equal(plan.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(plan.segments[i].begin, ends[i][0]);
        assert_int_equal(plan.segments[i].end, ends[i][1]);
    }
    assert_int_equal(plan.calls, calls);
}

static void small_neighbours_are_joined_and_large_ones_stay(void **state) {
    (void)state;
    make((const int[]){100, 100, 400, 100, 300, 255, 1, 0}, true, MANY);
    expect(5, (const size_t[][2]){{0, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 7}}, 1256);
}

static void the_newest_calls_of_a_busy_series_wait(void **state) {
    (void)state;
    make((const int[]){200, 200, 200, 200, 0}, false, MANY);
    expect(1, (const size_t[][2]){{0, 3}}, 600);
    make((const int[]){200, 200, 0}, false, MANY);
    expect(0, NULL, 0);
    make((const int[]){200, 200, 300, 10, 0}, false, MANY); /* before a large one nothing waits */
    expect(2, (const size_t[][2]){{0, 2}, {2, 3}}, 700);
}

static void what_is_rolled_is_joined_but_not_counted_again(void **state) {
    (void)state;
    make((const int[]){-100, 5, 5, 0}, true, MANY);
    expect(1, (const size_t[][2]){{0, 3}}, 10);
    make((const int[]){-100, 0}, true, MANY); /* alone it stays as it is */
    expect(0, NULL, 0);
    make((const int[]){-100, 400, 0}, true, MANY);
    expect(1, (const size_t[][2]){{1, 2}}, 400);
}

static void a_transaction_is_bounded(void **state) {
    (void)state;
    make((const int[]){100, 100, 100, 100, 0}, true, 250);
    expect(1, (const size_t[][2]){{0, 2}}, 200);
    make((const int[]){400, 400, 400, 0}, true, 800);
    expect(2, (const size_t[][2]){{0, 1}, {1, 2}}, 800);
    make((const int[]){100, 400, 100, 0}, true, 450);
    expect(1, (const size_t[][2]){{0, 1}}, 100);
}

static void a_full_block_has_fewer_calls_the_wider_it_is(void **state) {
    (void)state;
    assert_int_equal(plan_full(1), 512);
    assert_int_equal(plan_full(256), 512);
    assert_int_equal(plan_full(512), 256);
    assert_int_equal(plan_full(PLAN_VALUES), 1);
    assert_int_equal(plan_full(UINT32_MAX), 1);
    assert_int_equal(plan_small(1), 256);
    assert_int_equal(plan_small(PLAN_VALUES), 1);
}

static void pieces_are_even(void **state) {
    (void)state;
    static const struct {
        uint32_t calls;
        uint32_t pieces;
    } rows[] = {{1, 1}, {511, 1}, {767, 1}, {768, 2}, {1024, 2}, {5000, 10}, {UINT32_MAX, 8388608}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(plan_pieces(rows[i].calls, 1), rows[i].pieces);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_neighbours_are_joined_and_large_ones_stay),
        cmocka_unit_test(the_newest_calls_of_a_busy_series_wait),
        cmocka_unit_test(what_is_rolled_is_joined_but_not_counted_again),
        cmocka_unit_test(a_transaction_is_bounded),
        cmocka_unit_test(a_full_block_has_fewer_calls_the_wider_it_is),
        cmocka_unit_test(pieces_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
