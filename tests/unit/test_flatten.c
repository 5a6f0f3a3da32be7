/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/flatten.h"

static struct flatten *flatten;
static struct leftout leftout;

static int make(void **state) {
    (void)state;
    flatten = flatten_new();
    memset(&leftout, 0, sizeof leftout);
    return 0;
}

static int drop(void **state) {
    (void)state;
    flatten_free(flatten);
    return 0;
}

static bool read_text(const char *json) {
    return flatten_read(flatten, json, strlen(json), &leftout);
}

static double value_of(const char *name) {
    for (size_t i = 0; i < flatten_n(flatten); i++) {
        if (strcmp(flatten_names(flatten)[i], name) == 0) {
            return flatten_values(flatten)[i];
        }
    }
    fail_msg("no %s", name);
    return 0;
}

static void numbers_have_the_path_as_their_name(void **state) {
    (void)state;
    assert_true(read_text("{\"a\": 0.1, \"b\": {\"c\": {\"d\": -2}, \"e\": true}, \"f\": false}"));
    assert_int_equal(flatten_n(flatten), 4);
    assert_true(value_of("a") == 0.1 && value_of("b/c/d") == -2);
    assert_true(value_of("b/e") == 1 && value_of("f") == 0);
    assert_string_equal(flatten_names(flatten)[1], "b/c/d"); /* in the order of the text */
    assert_int_equal(leftout.n, 0);
    assert_true(read_text("{}"));
    assert_int_equal(flatten_n(flatten), 0);
}

static void what_json_has_no_form_for(void **state) {
    (void)state;
    assert_true(
        read_text("{\"n\": \"NaN\", \"p\": \"Infinity\", \"m\": \"-Infinity\", \"z\": -0.0, "
                  "\"big\": 123456789012345678901234567890, \"long\": 9007199254740993}"));
    assert_true(isnan(value_of("n")) && isinf(value_of("p")) && value_of("m") < 0);
    assert_true(signbit(value_of("z")) && value_of("big") == 123456789012345678901234567890.0);
    assert_true(value_of("long") == 9007199254740992.0);
}

static void everything_else_is_left_out_and_counted(void **state) {
    (void)state;
    assert_true(read_text(
        "{\"t\": \"hello\", \"l\": [1, 2], \"x\": null, \"m\": {\"_type\": \"i\", \"n\": 1},"
        " \"u\": \"nan\"}"));
    assert_int_equal(flatten_n(flatten), 0);
    assert_int_equal(leftout.n, 3);
    assert_string_equal(leftout.kinds[0].what, "texts");
    assert_int_equal(leftout.kinds[0].n, 2);
    assert_string_equal(leftout.kinds[0].example, "t");
    assert_string_equal(leftout.kinds[2].what, "media");
}

static void what_is_no_object_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "1",
                                      "[1]",
                                      "{",
                                      "{\"a\": NaN}",
                                      "{\"a\": 1} x",
                                      "{\"a\": \"\\u0000\"}",
                                      "{\"\xff\": 1}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(read_text(bad[i]));
        assert_int_equal(flatten_n(flatten), 0);
    }
    char *large = malloc(FLATTEN_BYTES_MAX + 3);
    assert_non_null(large);
    memset(large, ' ', FLATTEN_BYTES_MAX + 3);
    memcpy(large, "{}", 2);
    assert_true(flatten_read(flatten, large, FLATTEN_BYTES_MAX, &leftout));
    assert_false(flatten_read(flatten, large, FLATTEN_BYTES_MAX + 1, &leftout));
    free(large);
}

static void paths_have_limits(void **state) {
    (void)state;
    char json[4096] = "";
    size_t len = 0;
    for (int i = 0; i < 201; i++) {
        len += (size_t)snprintf(json + len, sizeof json - len, "%s",
                                i < 100    ? "{\"a\":"
                                : i == 100 ? "1"
                                           : "}");
    }
    assert_true(read_text(json));
    assert_int_equal(flatten_n(flatten), 0);
    assert_string_equal(leftout.kinds[0].what, "objects nested too deep");
    char name[256];
    memset(name, 'x', 255);
    name[255] = '\0';
    snprintf(json, sizeof json, "{\"%s\": 1, \"%sy\": 2, \"z\": {\"%s\": 3}}", name, name, name);
    assert_true(read_text(json));
    assert_int_equal(flatten_n(flatten), 1);
    assert_true(value_of(name) == 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(numbers_have_the_path_as_their_name),
        TEST(what_json_has_no_form_for),
        TEST(everything_else_is_left_out_and_counted),
        TEST(what_is_no_object_is_refused),
        TEST(paths_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
