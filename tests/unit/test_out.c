/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/out.h"

struct sink {
    char *text;
    size_t len;
    FILE *file;
};

static const struct out_column columns[] = {
    {.name = "na\tme", .wrap = true}, {.name = "level"}, {.name = "n", .right = true}};

static struct out *begin(struct sink *sink, struct out_style style) {
    sink->file = open_memstream(&sink->text, &sink->len);
    assert_non_null(sink->file);
    return out_new(sink->file, style, 3, columns);
}

static void expect(struct sink *sink, struct out *out, const char *text) {
    out_end(out);
    out_free(out);
    assert_int_equal(fclose(sink->file), 0);
    assert_string_equal(sink->text, text);
    free(sink->text);
}

static void tsv_rows_are_lines_whatever_is_in_them(void **state) {
    (void)state;
    struct sink sink;
    struct out *out = begin(&sink, (struct out_style){.color = true});
    out_cell(out, "a\tb\nc\\d");
    out_cell(out, NULL);
    out_cell(out, "1");
    out_cell(out, "\x1b[31m\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\xa1");
    out_cell(out, "error");
    out_cell(out, "\xff\xc3");
    expect(&sink, out,
           "na\\tme\tlevel\tn\na\\tb\\nc\\\\d\t\t1\n"
           "\\x1b[31m\\u{9b}\\u{202e}\\u{e0061}\terror\t\\xff\\xc3\n");
}

static void tsv_without_rows_is_its_header(void **state) {
    (void)state;
    struct sink sink;
    struct out *out = begin(&sink, (struct out_style){0});
    expect(&sink, out, "na\\tme\tlevel\tn\n");
}

static void a_table_without_rows_is_nothing(void **state) {
    (void)state;
    struct sink sink;
    struct out *out =
        begin(&sink, (struct out_style){.form = OUT_TABLE, .color = true, .width = 80});
    expect(&sink, out, "");
}

static void an_unfinished_answer_prints_no_header(void **state) {
    (void)state;
    struct sink sink;
    struct out *out = begin(&sink, (struct out_style){0});
    out_free(out);
    out_end(NULL);
    out_free(NULL);
    assert_int_equal(fclose(sink.file), 0);
    assert_string_equal(sink.text, "");
    free(sink.text);
}

static void tables_align_and_clean(void **state) {
    (void)state;
    struct sink sink;
    struct out *out = begin(&sink, (struct out_style){.form = OUT_TABLE, .width = 80});
    out_cell(out, "a\nb\\x1b");
    out_cell(out, "warn");
    out_cell(out, "1");
    out_cell(out, "b");
    out_cell(out, "error");
    out_cell(out, "1000");
    expect(&sink, out,
           "na\\tme    level    n\n"
           "a\\nb\\\\x1b warn     1\n"
           "b         error 1000\n");
}

static void colors_only_when_asked_for(void **state) {
    (void)state;
    for (int color = 0; color <= 1; color++) {
        struct sink sink;
        struct out *out =
            begin(&sink, (struct out_style){.form = OUT_TABLE, .width = 80, .color = color == 1});
        out_cell(out, "error"); /* not in the column of levels: plain */
        out_cell(out, "error");
        out_cell(out, "1");
        out_end(out);
        out_free(out);
        assert_int_equal(fclose(sink.file), 0);
        const char *red = strstr(sink.text, "\x1b[31m");
        assert_int_equal(strchr(sink.text, '\x1b') != NULL, color == 1);
        assert_int_equal(red != NULL, color == 1);
        assert_true(red == NULL || strstr(red + 1, "\x1b[31m") == NULL);
        free(sink.text);
    }
}

static void long_tables_come_in_pieces_with_one_header(void **state) {
    (void)state;
    struct sink sink;
    struct out *out = begin(&sink, (struct out_style){.form = OUT_TABLE, .width = 80});
    for (int i = 0; i < 2500; i++) {
        out_cell(out, "x");
        out_cell(out, "y");
        out_cell(out, "1");
    }
    out_end(out);
    out_free(out);
    assert_int_equal(fclose(sink.file), 0);
    int lines = 0;
    int headers = 0;
    for (const char *at = sink.text; *at != '\0'; at = strchr(at, '\n') + 1) {
        lines++;
        headers += strncmp(at, "na\\tme", 6) == 0;
    }
    assert_int_equal(lines, 2501);
    assert_int_equal(headers, 1);
    free(sink.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tsv_rows_are_lines_whatever_is_in_them),
        cmocka_unit_test(tsv_without_rows_is_its_header),
        cmocka_unit_test(a_table_without_rows_is_nothing),
        cmocka_unit_test(an_unfinished_answer_prints_no_header),
        cmocka_unit_test(tables_align_and_clean),
        cmocka_unit_test(colors_only_when_asked_for),
        cmocka_unit_test(long_tables_come_in_pieces_with_one_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
