/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/pgarray.h"

static void a_bigint_array_is_what_postgresql_documents(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        0, 0, 0, 1, 0,   0,   0,   0,   0,   0,   0,   20,  0, 0, 0, 2, 0, 0, 0, 1, /* header */
        0, 0, 0, 8, 0,   0,   0,   0,   0,   0,   1,   2,                           /* 258 */
        0, 0, 0, 8, 255, 255, 255, 255, 255, 255, 255, 254,                         /* -2 */
    };
    struct pgarray array;
    pgarray_init(&array, PGARRAY_INT8, 1000);
    pgarray_put_i64(&array, 258);
    pgarray_put_i64(&array, -2);
    const struct pg_param param = pgarray_param(&array);
    assert_int_equal(param.len, sizeof expected);
    assert_memory_equal(param.ptr, expected, sizeof expected);
    assert_int_equal(param.oid, 1016);
    assert_true(param.binary);
    pgarray_fini(&array);
}

static void a_null_sets_the_flag_and_has_no_content(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        0, 0, 0, 1, 0, 0,   0,   1,   0,   0, 0, 25, 0, 0,   0,
        2, 0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0,  2, 'h', 'i',
    };
    struct pgarray array;
    pgarray_init(&array, PGARRAY_TEXT, 1000);
    pgarray_put_null(&array);
    pgarray_put_bytes(&array, "hi", 2);
    const struct pg_param param = pgarray_param(&array);
    assert_int_equal(param.len, sizeof expected);
    assert_memory_equal(param.ptr, expected, sizeof expected);
    pgarray_fini(&array);
}

static void a_cleared_array_is_empty_and_without_nulls(void **state) {
    (void)state;
    static const uint8_t expected[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21,  0,
                                       0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 255, 255};
    struct pgarray array;
    pgarray_init(&array, PGARRAY_INT2, 1000);
    pgarray_put_i16(&array, 7);
    pgarray_put_null(&array);
    pgarray_clear(&array);
    pgarray_put_i16(&array, -1);
    const struct pg_param param = pgarray_param(&array);
    assert_int_equal(param.len, sizeof expected);
    assert_memory_equal(param.ptr, expected, sizeof expected);
    pgarray_fini(&array);
}

static void times_round_down_on_both_sides_of_1970(void **state) {
    (void)state;
    const int64_t epoch = INT64_C(-946684800000000);
    assert_int_equal(pgarray_time_of_ns(0), epoch);
    assert_int_equal(pgarray_time_of_ns(1999), epoch + 1);
    assert_int_equal(pgarray_time_of_ns(-1), epoch - 1);
    assert_int_equal(pgarray_time_of_ns(-1000), epoch - 1);
    assert_int_equal(pgarray_time_of_ns(INT64_C(946684800000000000)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bigint_array_is_what_postgresql_documents),
        cmocka_unit_test(a_null_sets_the_flag_and_has_no_content),
        cmocka_unit_test(a_cleared_array_is_empty_and_without_nulls),
        cmocka_unit_test(times_round_down_on_both_sides_of_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
