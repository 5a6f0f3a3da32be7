/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "cli/instant.h"

#define S INT64_C(1000000000)

static void times_are_read_to_the_nanosecond(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"2026-11-23T12:30:30Z", 1795437030 * S},
        {"2026-11-23 12:30:30", 1795437030 * S},
        {"2026-11-23t12:30", 1795437000 * S},
        {"2026-11-23", 1795392000 * S},
        {"2026-11-23T14:30:30.123456+02:00", 1795437030 * S + 123456000},
        {"2026-11-23T14:30:30.123456789123 +0200", 1795437030 * S + 123456789},
        {"2026-11-23T06:00:30-0630", 1795437030 * S},
        {"2026-11-23T12:30:30.5+00", 1795437030 * S + S / 2},
        {" 2024-02-29T23:59:60Z ", 1709251200 * S},
        {"1700000000", 1700000000 * S},
        {"1700000000.123456789", 1700000000 * S + 123456789},
        {"1700000000.", 1700000000 * S},
        {"0.5", S / 2},
        {"1.7e9", 1700000000 * S},
        {"9223372035", INT64_C(9223372035) * S},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ns = 0;
        assert_true(instant_parse(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
}

static void what_is_no_time_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "hello",
        "-1",
        "0",
        "nan",
        "inf",
        "1e300",
        "9223372036854775807",
        "1700000000000",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "2026-11-31",
        "2026-11-23T24:00:00",
        "2026-11-23T12:60:00",
        "2026-11-23T12:30:61",
        "2026-11-23T12:30:30.",
        "2026-11-23T12",
        "2026-11-23T12:30:30+25:00",
        "2026-11-23T12:30:30+02:",
        "2026-11-23T12:30:30Zx",
        "2026-11-23x",
        "26-11-23",
        "1969-12-31",
        "1970-01-01T00:00:00+01:00",
        "2262-04-12",
        "9999-12-31",
        "1700000000x",
        "1970-01-01",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ns = 42;
        assert_false(instant_parse(bad[i], &ns));
        assert_int_equal(ns, 42);
    }
}

static void seconds_of_a_clock(void **state) {
    (void)state;
    int64_t ns = 42;
    assert_true(instant_of_seconds(1700000000.25, &ns));
    assert_int_equal(ns, 1700000000 * S + S / 4);
    assert_false(instant_of_seconds(0, &ns));
    assert_false(instant_of_seconds(-1, &ns));
    assert_false(instant_of_seconds((double)NAN, &ns));
    assert_false(instant_of_seconds((double)INFINITY, &ns));
    assert_false(instant_of_seconds(1e10, &ns));
    assert_int_equal(ns, 1700000000 * S + S / 4);
}

static void numbers_are_whole_cells(void **state) {
    (void)state;
    double v = 42;
    assert_true(instant_number(" 1e-3\t", &v) && v == 1e-3);
    assert_true(instant_number("-0", &v) && v == 0 && signbit(v));
    assert_true(instant_number("NaN", &v) && isnan(v));
    assert_true(instant_number("-Infinity", &v) && isinf(v) && v < 0);
    assert_true(instant_number("5e-324", &v) && v > 0);
    v = 42;
    assert_false(instant_number("", &v));
    assert_false(instant_number(" ", &v));
    assert_false(instant_number("1,5", &v));
    assert_false(instant_number("12 apples", &v));
    assert_false(instant_number("True", &v));
    assert_true(v == 42);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_to_the_nanosecond),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(seconds_of_a_clock),
        cmocka_unit_test(numbers_are_whole_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
