/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"

static struct csv *open_text(const char *text, size_t len) {
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    rewind(file);
    return csv_new(file, "t.csv");
}

/* The records as text: cells in brackets, a record a line, or the sentence of the error. */
static void expect(const char *text, const char *expected) {
    struct csv *csv = open_text(text, strlen(text));
    char seen[1024] = "";
    struct why why = {""};
    bool more = true;
    enum err err = ERR_OK;
    while (err == ERR_OK && more) {
        err = csv_read(csv, &more, &why);
        for (size_t i = 0; err == ERR_OK && more && i < csv_cells_n(csv); i++) {
            snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "[%s]", csv_cell(csv, i));
        }
        if (err == ERR_OK && more) {
            snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%llu\n",
                     (unsigned long long)csv_line(csv));
        }
    }
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s", why.text);
    assert_string_equal(seen, expected);
    csv_free(csv);
}

static void records_and_cells(void **state) {
    (void)state;
    expect("", "");
    expect("\n\r\n\n", "");
    expect("a", "[a]1\n");
    expect("a,b\n1,2\n", "[a][b]1\n[1][2]2\n");
    expect("a,b\r\n1,2\r\n", "[a][b]1\n[1][2]2\n");
    expect("\xef\xbb\xbf"
           "a,b\n1,2",
           "[a][b]1\n[1][2]2\n");
    expect("a,\n,\n", "[a][]1\n[][]2\n");
    expect("a,b\n\n1,2\n", "[a][b]1\n[1][2]3\n");
    expect("a\rb,c\n1,2\n", "[a\rb][c]1\n[1][2]2\n");
    expect("a,b\r", "[a][b]1\n");
}

static void quotes(void **state) {
    (void)state;
    expect("\"a\",\"b,c\"\n", "[a][b,c]1\n");
    expect("\"a \"\"b\"\"\",\"\"\n", "[a \"b\"][]1\n");
    expect("\"a\nb\r\nc\",d\ne,f\n", "[a\nb\r\nc][d]1\n[e][f]4\n");
    expect("a\"b,\"c\"\r\n", "[a\"b][c]1\n");
    expect("\"a\"", "[a]1\n");
    expect("x,y\n\"a,b\n", "[x][y]1\nt.csv, line 2: a quote is never closed");
    expect("x,y\n\"a\"b,c\n",
           "[x][y]1\nt.csv, line 2: text follows behind a quote that closes a cell");
}

static void what_is_no_table(void **state) {
    (void)state;
    expect("a,b\n1\n", "[a][b]1\nt.csv, line 2: 1 cells, but the first line has 2");
    expect("a,b\n1,2,3\n", "[a][b]1\nt.csv, line 2: 3 cells, but the first line has 2");
    expect("\xff\xfe"
           "a",
           "t.csv, line 1: this is UTF-16; save it as UTF-8");
    expect("\xef\xbc"
           "a",
           "t.csv, line 1: this is no UTF-8");
    struct csv *csv = open_text("a,b\n1,\0\n", 8);
    struct why why = {""};
    bool more = false;
    assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
    assert_int_equal(csv_read(csv, &more, &why), ERR_VALUE);
    assert_non_null(strstr(why.text, "line 2: there is a NUL byte"));
    csv_free(csv);
}

static void the_longest_record_fits_and_no_longer_one(void **state) {
    (void)state;
    char *text = malloc(CSV_RECORD_BYTES_MAX);
    struct why why = {""};
    bool more = false;
    assert_non_null(text);
    memset(text, 'x', CSV_RECORD_BYTES_MAX);
    struct csv *csv = open_text(text, CSV_RECORD_BYTES_MAX - 1); /* with its NUL */
    assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
    assert_int_equal(strlen(csv_cell(csv, 0)), CSV_RECORD_BYTES_MAX - 1);
    csv_free(csv);
    csv = open_text(text, CSV_RECORD_BYTES_MAX);
    assert_int_equal(csv_read(csv, &more, &why), ERR_TOO_LONG);
    csv_free(csv);
    memset(text, ',', CSV_CELLS_MAX);
    csv = open_text(text, CSV_CELLS_MAX - 1);
    assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
    assert_int_equal(csv_cells_n(csv), CSV_CELLS_MAX);
    csv_free(csv);
    csv = open_text(text, CSV_CELLS_MAX);
    assert_int_equal(csv_read(csv, &more, &why), ERR_TOO_LONG);
    csv_free(csv);
    free(text);
}

static void a_record_can_be_gone_back_to(void **state) {
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "a,b\r\n1,\"2\n\"\r\n3,4\n";
    struct csv *csv = open_text(text, sizeof text - 1);
    struct why why = {""};
    bool more = false;
    assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
    const uint64_t offset = csv_next_offset(csv);
    const uint64_t line = csv_next_line(csv);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
        assert_string_equal(csv_cell(csv, 1), "2\n");
        assert_int_equal(csv_offset(csv), offset);
        assert_int_equal(csv_line(csv), 2);
        assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
        assert_string_equal(csv_cell(csv, 1), "4");
        assert_int_equal(csv_line(csv), 4);
        assert_int_equal(csv_read(csv, &more, &why), ERR_OK);
        assert_false(more);
        assert_int_equal(csv_seek(csv, offset, line, &why), ERR_OK);
    }
    csv_free(csv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_cells),
        cmocka_unit_test(quotes),
        cmocka_unit_test(what_is_no_table),
        cmocka_unit_test(the_longest_record_fits_and_no_longer_one),
        cmocka_unit_test(a_record_can_be_gone_back_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
