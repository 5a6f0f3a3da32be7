/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/names.h"

static const char *const metrics[] = {"train/loss", "train/accuracy", "val/loss", "lr",
                                      "grad_norm"};

static const char *nearest(const char *wanted) {
    return names_nearest(wanted, metrics, 5);
}

static void misspellings_find_the_name(void **state) {
    (void)state;
    assert_string_equal(nearest("train/los"), "train/loss");
    assert_string_equal(nearest("trian/loss"), "train/loss");
    assert_string_equal(nearest("TRAIN/LOSS"), "train/loss");
    assert_string_equal(nearest("grad-norm"), "grad_norm");
    assert_string_equal(nearest("rl"), "lr");
    assert_string_equal(nearest("l"), "lr");
}

static void a_part_of_a_name_finds_it(void **state) {
    (void)state;
    assert_string_equal(nearest("loss"), "train/loss");
    assert_string_equal(nearest("accuracy"), "train/accuracy");
}

static void strangers_find_nothing(void **state) {
    (void)state;
    assert_null(nearest("perplexity"));
    assert_null(nearest("xy"));
    assert_null(nearest(""));
    assert_null(names_nearest("loss", metrics, 0));
}

static void overlong_names_are_no_match_and_no_overflow(void **state) {
    (void)state;
    char longest[10001];
    memset(longest, 'a', 10000);
    longest[10000] = '\0';
    assert_null(nearest(longest));
    const char *const names[] = {longest};
    assert_null(names_nearest("aaa", names, 1));
    longest[255] = '\0';
    char other[256];
    memset(other, 'a', 255);
    other[255] = '\0';
    other[0] = 'b';
    assert_ptr_equal(names_nearest(other, names, 1), longest);
}

static void lists_are_short(void **state) {
    (void)state;
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g"};
    static const char *const want[] = {"",
                                       "a",
                                       "a, b",
                                       "a, b, c",
                                       "a, b, c, d",
                                       "a, b, c, d, e",
                                       "a, b, c, d, e and 1 more",
                                       "a, b, c, d, e and 2 more"};
    for (int n = 0; n <= 7; n++) {
        char *text = NULL;
        size_t len = 0;
        FILE *file = open_memstream(&text, &len);
        assert_non_null(file);
        names_put(file, letters, n);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(text, want[n]);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misspellings_find_the_name),
        cmocka_unit_test(a_part_of_a_name_finds_it),
        cmocka_unit_test(strangers_find_nothing),
        cmocka_unit_test(overlong_names_are_no_match_and_no_overflow),
        cmocka_unit_test(lists_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
