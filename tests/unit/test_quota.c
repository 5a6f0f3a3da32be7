/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/quota.h"
#include "schema/wire/clock.h"

#define KEY      7
#define SECOND   CLOCK_NS_PER_S
#define START_NS (1000 * SECOND)

static struct buf bytes;

static struct wire_batch decoded(void) {
    struct wire_frame frame;
    assert_int_equal(wire_decode(bytes.ptr, bytes.len, &frame), ERR_OK);
    return frame.batch;
}

static void begin(enum wire_lane lane, uint32_t items) {
    const struct wire_batch head = {.lane = lane, .seq = 1};
    buf_clear(&bytes);
    assert_int_equal(wire_begin_batch(&head, items, &bytes), ERR_OK);
}

/* A batch with one block of so many calls of one column, and the keyset of that name before it. */
static struct wire_batch metrics(const char *name, uint32_t calls) {
    const struct str names[] = {str_of(name)};
    struct wire_block_room room;
    begin(WIRE_LANE_METRICS, 2);
    assert_int_equal(wire_put_keyset(wire_keyset_id(WIRE_SERIES_METRIC, 1, names),
                                     WIRE_SERIES_METRIC, 1, names, &bytes),
                     ERR_OK);
    assert_int_equal(wire_put_block(1, 1, calls, &bytes, &room), ERR_OK);
    memset(room.steps, 0, calls * 8UL);
    memset(room.times_ns, 0, calls * 8UL);
    memset(room.values, 0, calls * 8UL);
    return decoded();
}

static struct wire_batch alerts(uint32_t n) {
    const struct wire_alert alert = {.title = str_of("t"), .step = WIRE_STEP_NONE, .time_ns = 1};
    begin(WIRE_LANE_EVENTS, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(wire_put_alert(&alert, &bytes), ERR_OK);
    }
    return decoded();
}

static enum quota_kind take(struct quota *quota, const struct allowlist_limits *limits,
                            struct wire_batch batch, int64_t after_ns) {
    return quota_take(quota, KEY, limits, &batch, START_NS + after_ns);
}

static void without_limits_everything_passes(void **state) {
    (void)state;
    const struct allowlist_limits none = {0};
    struct quota *quota = quota_new();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(take(quota, &none, metrics("x", 1000), 0), QUOTA_NONE);
        assert_int_equal(take(quota, &none, alerts(100), 0), QUOTA_NONE);
    }
    quota_free(quota);
}

static void points_pass_at_their_rate(void **state) {
    (void)state;
    const struct allowlist_limits limits = {.points_per_s = 100};
    struct quota *quota = quota_new();
    int64_t passed = 0;
    for (int64_t ms = 0; ms < 60000; ms += 7) { /* asked often: small growth adds up */
        passed +=
            take(quota, &limits, metrics("x", 10), ms * CLOCK_NS_PER_MS) == QUOTA_NONE ? 10 : 0;
    }
    assert_in_range(passed, 6000, 6110); /* a minute's worth, the start and one batch */
    quota_free(quota);
}

static void a_batch_above_the_rate_passes_and_is_paid_for_afterwards(void **state) {
    (void)state;
    const struct allowlist_limits limits = {.points_per_s = 100};
    struct quota *quota = quota_new();
    assert_int_equal(take(quota, &limits, metrics("x", 1000), 0), QUOTA_NONE);
    assert_int_equal(take(quota, &limits, metrics("x", 1), 8 * SECOND), QUOTA_POINTS);
    assert_int_equal(take(quota, &limits, metrics("x", 1), 9 * SECOND + SECOND / 50), QUOTA_NONE);
    quota_free(quota);
}

static void names_are_new_once(void **state) {
    (void)state;
    const struct allowlist_limits limits = {.series_per_min = 2};
    struct quota *quota = quota_new();
    assert_int_equal(take(quota, &limits, metrics("a", 1), 0), QUOTA_NONE);
    assert_int_equal(take(quota, &limits, metrics("b", 1), 0), QUOTA_NONE);
    assert_int_equal(take(quota, &limits, metrics("c", 1), 0), QUOTA_SERIES);
    for (int i = 0; i < 100; i++) { /* the other ranks */
        assert_int_equal(take(quota, &limits, metrics("a", 1), 0), QUOTA_NONE);
    }
    assert_int_equal(take(quota, &limits, metrics("c", 1), 0), QUOTA_SERIES);
    assert_int_equal(take(quota, &limits, metrics("c", 1), 31 * SECOND), QUOTA_NONE);
    assert_int_equal(take(quota, &limits, metrics("d", 1), 31 * SECOND), QUOTA_SERIES);
    assert_int_equal(take(quota, &limits, metrics("d", 1), 61 * SECOND), QUOTA_NONE);
    quota_free(quota);
}

static void alerts_and_points_do_not_hold_each_other_up(void **state) {
    (void)state;
    const struct allowlist_limits limits = {.points_per_s = 1, .alerts_per_min = 3};
    struct quota *quota = quota_new();
    assert_int_equal(take(quota, &limits, metrics("a", 100), 0), QUOTA_NONE);
    assert_int_equal(take(quota, &limits, metrics("a", 1), 0), QUOTA_POINTS);
    assert_int_equal(take(quota, &limits, alerts(3), 0), QUOTA_NONE);
    assert_int_equal(take(quota, &limits, alerts(1), 0), QUOTA_ALERTS);
    assert_int_equal(take(quota, &limits, alerts(1), 20 * SECOND), QUOTA_NONE);
    quota_free(quota);
}

static void a_refused_batch_costs_nothing(void **state) {
    (void)state;
    const struct allowlist_limits limits = {.points_per_s = 10, .series_per_min = 1};
    struct quota *quota = quota_new();
    assert_int_equal(take(quota, &limits, metrics("a", 1), 0), QUOTA_NONE);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(take(quota, &limits, metrics("b", 100), 0), QUOTA_SERIES);
    }
    assert_int_equal(take(quota, &limits, metrics("a", 9), 0), QUOTA_NONE);
    quota_free(quota);
}

static void keys_do_not_pay_for_each_other(void **state) {
    (void)state;
    const struct allowlist_limits limits = {.points_per_s = 10};
    struct quota *quota = quota_new();
    const struct wire_batch batch = metrics("a", 100);
    assert_int_equal(quota_take(quota, 1, &limits, &batch, START_NS), QUOTA_NONE);
    assert_int_equal(quota_take(quota, 1, &limits, &batch, START_NS), QUOTA_POINTS);
    assert_int_equal(quota_take(quota, 2, &limits, &batch, START_NS), QUOTA_NONE);
    quota_free(quota);
}

static void another_limit_counts_from_now(void **state) {
    (void)state;
    const struct allowlist_limits small = {.points_per_s = 1};
    const struct allowlist_limits large = {.points_per_s = 1000000};
    struct quota *quota = quota_new();
    assert_int_equal(take(quota, &small, metrics("a", 1000), 0), QUOTA_NONE);
    assert_int_equal(take(quota, &small, metrics("a", 1), 0), QUOTA_POINTS);
    assert_int_equal(take(quota, &large, metrics("a", 1000), 0), QUOTA_NONE);
    quota_free(quota);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everything_passes),
        cmocka_unit_test(points_pass_at_their_rate),
        cmocka_unit_test(a_batch_above_the_rate_passes_and_is_paid_for_afterwards),
        cmocka_unit_test(names_are_new_once),
        cmocka_unit_test(alerts_and_points_do_not_hold_each_other_up),
        cmocka_unit_test(a_refused_batch_costs_nothing),
        cmocka_unit_test(keys_do_not_pay_for_each_other),
        cmocka_unit_test(another_limit_counts_from_now),
    };
    buf_init(&bytes, WIRE_FRAME_BYTES_MAX);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_fini(&bytes);
    return failed;
}
