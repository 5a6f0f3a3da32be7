/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/text.h"

static void expect(const char *text, const char *clean) {
    char *got = text_clean(text);
    assert_string_equal(got, clean);
    free(got);
}

static void ordinary_text_stays(void **state) {
    (void)state;
    expect("", "");
    expect("loss/train = 0.1 ~", "loss/train = 0.1 ~");
    expect("\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", "\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80");
}

static void what_steers_a_terminal_is_spelled_out(void **state) {
    (void)state;
    expect("\t\n\r\\", "\\t\\n\\r\\\\");
    expect("\x01\x07\x08\x0b\x1b\x7f", "\\x01\\x07\\x08\\x0b\\x1b\\x7f");
    expect("\xc2\x80\xc2\x9b\xc2\x9f", "\\u{80}\\u{9b}\\u{9f}");
    expect("\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}"); /* line and paragraph separator */
    expect("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "\\u{202e}\\u{2066}\\u{200f}\\u{61c}");
    expect("\xe2\x80\x8b\xef\xbb\xbf\xc2\xad", "\\u{200b}\\u{feff}\\u{ad}");
    expect("\xf3\xa0\x80\x81\xf3\xa0\x81\xbf", "\\u{e0001}\\u{e007f}");
}

static void text_cannot_fake_an_escape(void **state) {
    (void)state;
    expect("\\n", "\\\\n");
    expect("\\x1b", "\\\\x1b");
}

static void bytes_that_are_not_utf8_are_shown_as_bytes(void **state) {
    (void)state;
    expect("\x80\xff", "\\x80\\xff");
    expect("\xc0\xaf", "\\xc0\\xaf");                   /* a long form of / */
    expect("\xe0\x80\xaf", "\\xe0\\x80\\xaf");          /* the same, longer */
    expect("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* half of a surrogate pair */
    expect("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond the last code point */
    expect("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
    expect("a\xe4\xb8", "a\\xe4\\xb8"); /* cut in the middle */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_text_stays),
        cmocka_unit_test(what_steers_a_terminal_is_spelled_out),
        cmocka_unit_test(text_cannot_fake_an_escape),
        cmocka_unit_test(bytes_that_are_not_utf8_are_shown_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
