/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/json.h"

struct document {
    struct json json;
    char *text;
    size_t len;
    FILE *file;
};

static void begin(struct document *d) {
    d->file = open_memstream(&d->text, &d->len);
    assert_non_null(d->file);
    json_init(&d->json, d->file, JSON_INDENTED);
}

static void expect(struct document *d, const char *text) {
    json_end(&d->json);
    assert_int_equal(fclose(d->file), 0);
    assert_string_equal(d->text, text);
    free(d->text);
}

static void the_form_is_pythons_with_two_spaces(void **state) {
    (void)state;
    struct document d;
    begin(&d);
    json_open(&d.json, '{');
    json_key(&d.json, "a");
    json_open(&d.json, '[');
    json_int(&d.json, -1);
    json_bool(&d.json, true);
    json_text(&d.json, NULL);
    json_close(&d.json);
    json_key(&d.json, "b");
    json_open(&d.json, '{');
    json_close(&d.json);
    json_key(&d.json, "c");
    json_open(&d.json, '[');
    json_close(&d.json);
    json_close(&d.json);
    expect(&d, "{\n  \"a\": [\n    -1,\n    true,\n    null\n  ],\n  \"b\": {},\n  \"c\": []\n}\n");
}

static void text_is_ascii_with_escapes(void **state) {
    (void)state;
    struct document d;
    begin(&d);
    json_text(&d.json, "q\"b\\s/\b\f\n\r\t\x01\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80~");
    expect(&d, "\"q\\\"b\\\\s/\\b\\f\\n\\r\\t\\u0001\\u007f\\u00e9\\u20ac\\ud83d\\ude00~\"\n");
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void **state) {
    (void)state;
    struct document d;
    begin(&d);
    json_text(&d.json, "a\xff\xc0\xaf\xed\xa0\x80z\xc3");
    expect(&d, "\"a\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffdz\\ufffd\"\n");
}

static void numbers_keep_their_text_and_the_odd_ones_are_null(void **state) {
    (void)state;
    struct document d;
    begin(&d);
    json_open(&d.json, '[');
    json_number(&d.json, "0.1");
    json_number(&d.json, "1e+20");
    json_number(&d.json, "0.30000000000000004");
    json_number(&d.json, "12345678901234567890.10");
    json_number(&d.json, "NaN");
    json_number(&d.json, "Infinity");
    json_number(&d.json, "-Infinity");
    json_number(&d.json, NULL);
    json_close(&d.json);
    expect(&d, "[\n  0.1,\n  1e+20,\n  0.30000000000000004,\n  12345678901234567890.10,\n  null,\n"
               "  null,\n  null,\n  null\n]\n");
    assert_string_equal(json_nonfinite("NaN"), "nan");
    assert_string_equal(json_nonfinite("Infinity"), "inf");
    assert_string_equal(json_nonfinite("-Infinity"), "-inf");
    assert_null(json_nonfinite("0"));
}

static void embedded_text_takes_the_documents_form(void **state) {
    (void)state;
    struct document d;
    begin(&d);
    json_open(&d.json, '{');
    json_key(&d.json, "config");
    json_embed(
        &d.json,
        "{\"lr\":0.10 , \"x\": [1e3,{},[ ]],\n\t\"\xc3\xa9\\u00e9\": \"\\\"}\xf0\x9f\x98\x80\", "
        "\"n\":null}");
    json_key(&d.json, "scalar");
    json_embed(&d.json, "\"a, b: {c}\"");
    json_key(&d.json, "none");
    json_embed(&d.json, NULL);
    json_close(&d.json);
    expect(&d,
           "{\n  \"config\": {\n    \"lr\": 0.10,\n    \"x\": [\n      1e3,\n      {},\n      []\n"
           "    ],\n    \"\\u00e9\\u00e9\": \"\\\"}\\ud83d\\ude00\",\n    \"n\": null\n  },\n"
           "  \"scalar\": \"a, b: {c}\",\n  \"none\": null\n}\n");
}

static void embedded_members_join_the_open_object(void **state) {
    (void)state;
    struct document d;
    begin(&d);
    json_open(&d.json, '{');
    json_embed_members(&d.json, " {\"a\": {\"b\": 1}, \"c\": \"}\"} ");
    json_embed_members(&d.json, "{}");
    json_key(&d.json, "d");
    json_int(&d.json, 2);
    json_close(&d.json);
    expect(&d, "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": \"}\",\n  \"d\": 2\n}\n");
}

static void what_is_too_deep_becomes_a_string(void **state) {
    (void)state;
    enum { DEEP = 1000 };
    char text[2 * DEEP + 1];
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    text[2 * DEEP] = '\0';
    struct document d;
    begin(&d);
    json_embed(&d.json, text);
    json_end(&d.json);
    assert_int_equal(fclose(d.file), 0);
    size_t open = 0;
    for (const char *at = d.text; *at != '"'; at++) {
        open += *at == '[';
    }
    assert_int_equal(open, JSON_DEPTH_MAX);
    const char *string = strchr(d.text, '"') + 1;
    assert_int_equal(strcspn(string, "\""), 2 * (DEEP - JSON_DEPTH_MAX));
    free(d.text);
}

static void broken_json_ends_without_reading_on(void **state) {
    (void)state;
    static const char *const broken[] = {"\"abc", "\"abc\\", "[1,", "\"\\\"", ""};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct document d;
        begin(&d);
        json_embed(&d.json, broken[i]);
        assert_int_equal(fclose(d.file), 0);
        assert_true(d.len < 16);
        free(d.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_is_pythons_with_two_spaces),
        cmocka_unit_test(text_is_ascii_with_escapes),
        cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement_character),
        cmocka_unit_test(numbers_keep_their_text_and_the_odd_ones_are_null),
        cmocka_unit_test(embedded_text_takes_the_documents_form),
        cmocka_unit_test(embedded_members_join_the_open_object),
        cmocka_unit_test(what_is_too_deep_becomes_a_string),
        cmocka_unit_test(broken_json_ends_without_reading_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
