/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schema/wire/buf.h"

static void append_keeps_content_when_over_the_maximum(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_int_equal(buf_append(&buf, "abcdef", 6), ERR_OK);
    assert_int_equal(buf_append(&buf, "ghijk", 5), ERR_TOO_LONG);
    assert_int_equal(buf.len, 6);
    assert_memory_equal(buf.ptr, "abcdef", 6);
    assert_int_equal(buf_append(&buf, "ghij", 4), ERR_OK);
    assert_memory_equal(buf.ptr, "abcdefghij", 10);
    assert_int_equal(buf_append(&buf, "k", 1), ERR_TOO_LONG);
    buf_fini(&buf);
}

static void absurd_lengths_are_refused_without_overflow(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_append(&buf, "x", 1), ERR_OK);
    uint8_t *at = NULL;
    assert_int_equal(buf_extend(&buf, SIZE_MAX, &at), ERR_TOO_LONG);
    assert_int_equal(buf_extend(&buf, SIZE_MAX - 1, &at), ERR_TOO_LONG);
    assert_null(at);
    assert_int_equal(buf.len, 1);
    buf_fini(&buf);
}

static void capacity_never_passes_the_maximum(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    for (int i = 0; i < 1000; i++) {
        const uint8_t byte = (uint8_t)i;
        assert_int_equal(buf_append(&buf, &byte, 1), ERR_OK);
        assert_true(buf.cap <= 1000);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(buf.ptr[i], (uint8_t)i);
    }
    buf_fini(&buf);
}

static void clear_keeps_the_memory_and_fini_takes_a_zeroed_one(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_append(&buf, "abc", 3), ERR_OK);
    const uint8_t *before = buf.ptr;
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf_append(&buf, "x", 1), ERR_OK);
    assert_ptr_equal(buf.ptr, before);
    buf_fini(&buf);
    buf_fini(&buf);
    assert_null(buf.ptr);
}

static void views_compare_by_bytes(void **state) {
    (void)state;
    assert_true(str_equal(str_of("abc"), (struct str){.ptr = "abcd", .len = 3}));
    assert_false(str_equal(str_of("abc"), str_of("abd")));
    assert_false(str_equal(str_of("abc"), str_of("ab")));
    assert_true(str_equal(str_of(NULL), str_of("")));
}

static const struct {
    const char *bytes;
    size_t len;
    bool text;
} utf8_rows[] = {
    {"", 0, true},
    {"abc\n\t\x7f", 6, true},
    {"\xc3\xa9", 2, true},          /* U+00E9 */
    {"\xe2\x82\xac", 3, true},      /* U+20AC */
    {"\xf0\x9f\x98\x80", 4, true},  /* U+1F600 */
    {"\xed\x9f\xbf", 3, true},      /* U+D7FF, last before the surrogates */
    {"\xee\x80\x80", 3, true},      /* U+E000, first after them */
    {"\xf4\x8f\xbf\xbf", 4, true},  /* U+10FFFF */
    {"a\0b", 3, false},             /* NUL */
    {"\x80", 1, false},             /* a continuation alone */
    {"\xc0\x80", 2, false},         /* overlong NUL */
    {"\xc1\xbf", 2, false},         /* overlong */
    {"\xe0\x9f\xbf", 3, false},     /* overlong */
    {"\xf0\x8f\xbf\xbf", 4, false}, /* overlong */
    {"\xed\xa0\x80", 3, false},     /* surrogate U+D800 */
    {"\xed\xbf\xbf", 3, false},     /* surrogate U+DFFF */
    {"\xf4\x90\x80\x80", 4, false}, /* U+110000 */
    {"\xf5\x80\x80\x80", 4, false},
    {"\xff", 1, false},
    {"\xc3", 1, false}, /* cut */
    {"\xe2\x82", 2, false},
    {"\xf0\x9f\x98", 3, false},
    {"\xe2\x28\xac", 3, false}, /* second byte is no continuation */
    {"\xe2\x82\x28", 3, false}, /* third byte is none */
    {"\xf0\x9f\x98\x28", 4, false},
    {"ok\xc3\xa9\xff", 5, false}, /* bad at the end */
};

static void text_is_utf8_without_nul(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof utf8_rows / sizeof utf8_rows[0]; i++) {
        const struct str s = {.ptr = utf8_rows[i].bytes, .len = utf8_rows[i].len};
        if (str_is_text(s) != utf8_rows[i].text) {
            fail_msg("row %zu should be %s", i, utf8_rows[i].text ? "text" : "refused");
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_keeps_content_when_over_the_maximum),
        cmocka_unit_test(absurd_lengths_are_refused_without_overflow),
        cmocka_unit_test(capacity_never_passes_the_maximum),
        cmocka_unit_test(clear_keeps_the_memory_and_fini_takes_a_zeroed_one),
        cmocka_unit_test(views_compare_by_bytes),
        cmocka_unit_test(text_is_utf8_without_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
