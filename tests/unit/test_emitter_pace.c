/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emitter/pace.h"
#include "schema/wire/clock.h"
#include "schema/wire/wire.h"

#define LEAST WIRE_FRAME_BYTES_TARGET
#define MOST  (WIRE_WINDOW_BYTES / 2)

static void exchange(struct pace *pace, uint64_t seq, int64_t taken_ms) {
    const int64_t sent_ns = (int64_t)seq * CLOCK_NS_PER_S;
    pace_sent(pace, seq, sent_ns);
    pace_acknowledged(pace, seq, sent_ns + taken_ms * CLOCK_NS_PER_MS);
}

static void soon_is_twice_as_much_up_to_half_the_window(void **state) {
    (void)state;
    struct pace pace;
    pace_begin(&pace);
    assert_int_equal(pace.bytes, LEAST);
    exchange(&pace, 1, 60);
    assert_int_equal(pace.bytes, 2 * LEAST);
    for (uint64_t seq = 2; seq < 10; seq++) {
        exchange(&pace, seq, 60);
    }
    assert_int_equal(pace.bytes, MOST);
}

static void late_is_half_as_much_down_to_one_batch(void **state) {
    (void)state;
    struct pace pace = {.bytes = MOST};
    exchange(&pace, 1, 5000);
    assert_int_equal(pace.bytes, MOST / 2);
    for (uint64_t seq = 2; seq < 10; seq++) {
        exchange(&pace, seq, 5000);
    }
    assert_int_equal(pace.bytes, LEAST);
}

static void in_between_nothing_changes(void **state) {
    (void)state;
    struct pace pace = {.bytes = 2 * LEAST};
    exchange(&pace, 1, 250);
    assert_int_equal(pace.bytes, 2 * LEAST);
}

/* Of a window of batches one is timed: its own acknowledgement, from its own sending on. */
static void one_batch_is_timed_at_a_time(void **state) {
    (void)state;
    struct pace pace = {.bytes = LEAST};
    pace_sent(&pace, 5, 0);
    pace_sent(&pace, 6, CLOCK_NS_PER_S);
    pace_acknowledged(&pace, 4, CLOCK_NS_PER_MS);
    assert_int_equal(pace.bytes, LEAST);
    pace_acknowledged(&pace, 6, CLOCK_NS_PER_S + 1);
    assert_int_equal(pace.bytes, LEAST); /* late: it cannot be less */
    pace_acknowledged(&pace, 7, CLOCK_NS_PER_S + 2);
    assert_int_equal(pace.bytes, LEAST); /* nothing was timed */
    exchange(&pace, 8, 1);
    assert_int_equal(pace.bytes, 2 * LEAST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soon_is_twice_as_much_up_to_half_the_window),
        cmocka_unit_test(late_is_half_as_much_down_to_one_batch),
        cmocka_unit_test(in_between_nothing_changes),
        cmocka_unit_test(one_batch_is_timed_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
