/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "schema/wire/err.h"

static const enum err all[] = {
#define X(symbol, class, text) symbol,
    ERR_TABLE(X)
#undef X
};

static void every_error_has_a_text_of_its_own(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_not_equal(strlen(err_text(all[i])), 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(err_text(all[i]), err_text(all[j]));
        }
    }
}

static void class_decides_what_a_loop_does(void **state) {
    (void)state;
    assert_int_equal(err_class_of(ERR_OK), ERR_CLASS_OK);
    assert_int_equal(err_class_of(ERR_DB_CONFLICT), ERR_CLASS_RETRY);
    assert_int_equal(err_class_of(ERR_UTF8), ERR_CLASS_REJECT);
    assert_int_equal(err_class_of(ERR_MEMORY), ERR_CLASS_FATAL);
}

static void a_why_is_cut_and_stays_terminated(void **state) {
    (void)state;
    struct why why;
    memset(&why, 'x', sizeof why);
    char text[2 * sizeof why.text];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(why_set(&why, ERR_IO, "%s", text), ERR_IO);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
    assert_int_equal(why_set(&why, ERR_CONFIG, "line %d", 7), ERR_CONFIG);
    assert_string_equal(why.text, "line 7");
}

static void a_why_is_optional(void **state) {
    (void)state;
    assert_int_equal(why_set(NULL, ERR_IO, "%s", "unused"), ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_text_of_its_own),
        cmocka_unit_test(class_decides_what_a_loop_does),
        cmocka_unit_test(a_why_is_cut_and_stays_terminated),
        cmocka_unit_test(a_why_is_optional),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
