/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/rows.h"

static void expect(const char *text, const char *iso) {
    char out[ROWS_TIME_BYTES];
    rows_time(text, out);
    assert_string_equal(out, iso);
}

static void times_have_six_digits_or_none(void **state) {
    (void)state;
    expect("2026-11-23 12:30:30+00", "2026-11-23T12:30:30+00:00");
    expect("2026-11-23 12:30:30.371774+00", "2026-11-23T12:30:30.371774+00:00");
    expect("2026-11-23 12:30:30.5+00", "2026-11-23T12:30:30.500000+00:00");
    expect("2026-11-23 12:30:30.000001+00", "2026-11-23T12:30:30.000001+00:00");
    expect("0001-01-01 00:00:00+00", "0001-01-01T00:00:00+00:00");
}

static void what_is_no_such_time_is_left_alone(void **state) {
    (void)state;
    static const char *const others[] = {"infinity",
                                         "-infinity",
                                         "12026-01-01 00:00:00+00",
                                         "0044-03-15 12:00:00+00 BC",
                                         "2026-11-23 12:30:30+05:30",
                                         "2026-11-23",
                                         "2026-11-23 12:30:30.+00",
                                         "",
                                         "x"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        expect(others[i], others[i]);
    }
}

static void a_longer_text_is_cut(void **state) {
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    char out[ROWS_TIME_BYTES];
    rows_time(text, out);
    assert_int_equal(strlen(out), ROWS_TIME_BYTES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_six_digits_or_none),
        cmocka_unit_test(what_is_no_such_time_is_left_alone),
        cmocka_unit_test(a_longer_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
