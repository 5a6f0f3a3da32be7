/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "emitter/sample.h"

static void a_name_stays_and_a_value_does_not(void **state) {
    (void)state;
    struct sample *s = sample_new();
    sample_begin(s);
    sample_set(s, 1, "a/%d", 0);
    sample_set(s, 2, "b");
    sample_begin(s);
    assert_false(sample_is_known(s));
    sample_set(s, 3, "b");
    assert_int_equal(s->n, 2);
    assert_string_equal(s->names[0], "a/0");
    assert_true(isnan(s->values[0]));
    assert_true(s->values[1] == 3);
    assert_true(sample_is_known(s));
    sample_free(s);
}

static void of_two_values_the_higher_counts_and_no_value_is_no_name(void **state) {
    (void)state;
    struct sample *s = sample_new();
    sample_begin(s);
    sample_set(s, 2, "temp/Core 0");
    sample_set(s, 1, "temp/Core 0");
    sample_set(s, 3, "temp/Core 0");
    sample_set(s, NAN, "unknown");
    assert_int_equal(s->n, 1);
    assert_true(s->values[0] == 3);
    sample_free(s);
}

static void a_name_that_is_none_is_left_out(void **state) {
    (void)state;
    struct sample *s = sample_new();
    char name[300];
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    sample_begin(s);
    sample_set(s, 1, "%s", name);
    sample_set(s, 1, "\xff");
    sample_set(s, 1, "%s", "");
    assert_int_equal(s->n, 0);
    name[255] = '\0';
    sample_set(s, 1, "%s", name);
    assert_int_equal(s->n, 1);
    sample_free(s);
}

/* A driver that names something else every time must not use up the room for names of a run. */
static void the_list_grows_a_few_times_only(void **state) {
    (void)state;
    struct sample *s = sample_new();
    size_t lengths = 0;
    for (int round = 0; round < 100; round++) {
        const size_t before = s->n;
        sample_begin(s);
        sample_set(s, round, "name/%d", round);
        sample_set(s, round, "always");
        lengths += s->n != before ? 1 : 0;
    }
    assert_int_equal(lengths, SAMPLE_GROWTHS_MAX + 1);
    assert_true(s->values[1] == 99);
    sample_free(s);
}

static void there_is_room_for_so_many_names(void **state) {
    (void)state;
    struct sample *s = sample_new();
    sample_begin(s);
    for (int i = 0; i < SAMPLE_MAX + 10; i++) {
        sample_set(s, i, "name/%d", i);
    }
    assert_int_equal(s->n, SAMPLE_MAX);
    sample_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_stays_and_a_value_does_not),
        cmocka_unit_test(of_two_values_the_higher_counts_and_no_value_is_no_name),
        cmocka_unit_test(a_name_that_is_none_is_left_out),
        cmocka_unit_test(the_list_grows_a_few_times_only),
        cmocka_unit_test(there_is_room_for_so_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
