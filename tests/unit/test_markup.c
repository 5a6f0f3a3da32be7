/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/notify/markup.h"
#include "tests/unit/hostile.h"

#define ZWSP     "\xe2\x80\x8b"
#define UNKNOWN  "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"
#define PLENTY   20000

typedef bool quote_fn(struct markup_text *text, const char *untrusted, size_t max);

/* What text becomes. gives; free() it. */
static char *quoted(enum markup markup, quote_fn *quote, const char *untrusted, size_t max,
                    bool *out_whole) {
    struct markup_text text;
    markup_init(&text, markup);
    const bool whole = quote(&text, untrusted, max);
    assert_int_equal(text.err, ERR_OK);
    assert_true(text.used <= max);
    char *copy = calloc(1, text.buf.len + 1);
    assert_non_null(copy);
    if (text.buf.len > 0) {
        memcpy(copy, text.buf.ptr, text.buf.len);
        assert_true(str_is_text((struct str){copy, text.buf.len}));
    }
    markup_fini(&text);
    if (out_whole != NULL) {
        *out_whole = whole;
    }
    return copy;
}

static void expect(enum markup markup, quote_fn *quote, const char *untrusted, size_t max,
                   const char *wanted) {
    bool whole;
    char *got = quoted(markup, quote, untrusted, max, &whole);
    assert_string_equal(got, wanted);
    assert_int_equal(whole, strstr(wanted, ELLIPSIS) == NULL && (*wanted != '\0' || !*untrusted));
    free(got);
}

static void ordinary_text_stays(void **state) {
    (void)state;
    for (enum markup markup = MARKUP_SLACK; markup < MARKUPS; markup++) {
        expect(markup, markup_line, "loss = 0.1, grad norm 3.5!", PLENTY,
               "loss = 0.1, grad norm 3.5!");
        expect(markup, markup_line, "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", PLENTY,
               "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80");
        expect(markup, markup_lines, "a\nb", PLENTY, "a\nb");
        expect(markup, markup_lines, "", 0, "");
    }
}

static void what_slack_reads_is_spelled_as_entities(void **state) {
    (void)state;
    expect(MARKUP_SLACK, markup_line, "<!channel> a&b <@U1>", PLENTY,
           "&lt;!channel&gt; a&amp;b &lt;@" ZWSP "U1&gt;");
    expect(MARKUP_SLACK, markup_line, "&lt;", PLENTY, "&amp;lt;");
    expect(MARKUP_SLACK, markup_line, "*a* _b_", PLENTY, "*a* _b_"); /* plain_text shows them */
}

static void what_discord_reads_is_escaped_or_taken_apart(void **state) {
    (void)state;
    expect(MARKUP_DISCORD, markup_line, "*a*_b_~c~`d`|e|", PLENTY,
           "\\*a\\*\\_b\\_\\~c\\~\\`d\\`\\|e\\|");
    expect(MARKUP_DISCORD, markup_line, "@everyone <@1>", PLENTY,
           "@" ZWSP "everyone <" ZWSP "@" ZWSP "1\\>");
    expect(MARKUP_DISCORD, markup_line, "[x](https://e)", PLENTY, "\\[x\\]\\(https\\://e\\)");
    expect(MARKUP_DISCORD, markup_line, "\\*", PLENTY, "\\\\\\*");
    expect(MARKUP_DISCORD_PLAIN, markup_line, "*a* @here <#1>", PLENTY,
           "*a* @" ZWSP "here <" ZWSP "#1>");
}

static void hidden_characters_are_seen_and_breaks_are_of_one_kind(void **state) {
    (void)state;
    for (enum markup markup = MARKUP_SLACK; markup < MARKUP_JSON; markup++) {
        expect(markup, markup_lines,
               "a\r\nb\rc\xe2\x80\xa8"
               "1\t2",
               PLENTY, "a\nb\nc\n1    2");
        expect(markup, markup_line,
               "a\r\nb\rc\xe2\x80\xa9"
               "1\t2",
               PLENTY, "a b c 1 2");
        expect(markup, markup_line,
               "\x1b"
               "0m\xc2\x9b\x7f\xc0\xbc",
               PLENTY, UNKNOWN "0m" UNKNOWN UNKNOWN UNKNOWN UNKNOWN);
    }
}

static void programs_get_exact_text(void **state) {
    (void)state;
    expect(MARKUP_JSON, markup_line, "<@U1> *a*\r\n\t\x1b\xe2\x80\xae", PLENTY,
           "<@U1> *a*\r\n\t\x1b\xe2\x80\xae");
    expect(MARKUP_JSON, markup_line, "a\xff", PLENTY, "a" UNKNOWN);
}

static void a_cut_falls_between_code_points_and_escapes(void **state) {
    (void)state;
    expect(MARKUP_SLACK, markup_line, "abcdef", 6, "abcdef");
    expect(MARKUP_SLACK, markup_line, "abcdefg", 6, "abcde" ELLIPSIS);
    expect(MARKUP_SLACK, markup_line, "ab<<", 6, "ab" ELLIPSIS); /* &lt; and … are 5 */
    expect(MARKUP_SLACK, markup_line, "a<bcdefg", 6, "a&lt;" ELLIPSIS);
    expect(MARKUP_SLACK, markup_line, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 5,
           "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" ELLIPSIS);
    expect(MARKUP_SLACK, markup_line, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 4,
           "\xf0\x9f\x98\x80" ELLIPSIS);
    expect(MARKUP_DISCORD, markup_line, "abc*****", 5, "abc" ELLIPSIS);
    expect(MARKUP_SLACK, markup_line, "abc", 1, ELLIPSIS);
    expect(MARKUP_SLACK, markup_line, "abc", 0, "");
}

static void json_is_counted_in_its_bytes(void **state) {
    (void)state;
    expect(MARKUP_JSON, markup_line, "\"\\\n\x01", 12, "\"\\\n\x01");
    expect(MARKUP_JSON, markup_line, "\"\\\n\x01", 11, "\"\\" ELLIPSIS);
    expect(MARKUP_JSON, markup_line, "\xc3\xa9", 6, "\xc3\xa9");
    expect(MARKUP_JSON, markup_line, "\xf0\x9f\x98\x80", 12, "\xf0\x9f\x98\x80");
    expect(MARKUP_JSON, markup_line, "\xf0\x9f\x98\x80", 11, ELLIPSIS);
}

static void own_words_and_quotes_share_what_was_used(void **state) {
    (void)state;
    struct markup_text text;
    markup_init(&text, MARKUP_DISCORD);
    markup_say(&text, "[%s] ", "ERROR");
    assert_true(markup_line(&text, "a*", 3));
    assert_int_equal(text.used, 8 + 3);
    assert_memory_equal(text.buf.ptr, "[ERROR] a\\*", text.buf.len);
    markup_say(&text, "%300s", "");
    assert_int_equal(text.err, ERR_TOO_LONG);
    markup_fini(&text);
}

static void no_hostile_text_is_live(void **state) {
    (void)state;
    static const struct {
        enum markup markup;
        const char *(*find)(const char *text);
    } readers[] = {{MARKUP_SLACK, hostile_in_slack},
                   {MARKUP_DISCORD, hostile_in_discord},
                   {MARKUP_DISCORD_PLAIN, hostile_in_discord_plain}};
    static const size_t limits[] = {1, 2, 3, 7, 36, 150, 256, 3000, 4096};
    assert_true(hostile_count() >= HOSTILE_TEXTS_MIN);
    for (size_t i = 0; i < hostile_count() * 3; i++) {
        const char *text = hostile_text(i / 3);
        for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
            char *got = quoted(readers[i % 3].markup, l % 2 ? markup_line : markup_lines, text,
                               limits[l], NULL);
            const char *live = readers[i % 3].find(got);
            if (live != NULL) {
                fail_msg("text %zu, markup %zu: \"%s\" lives", i / 3, i % 3, live);
            }
            assert_true(hostile_units(got) <= limits[l]);
            free(got);
        }
    }
}

/* The readers must be able to find something. */
static void the_readers_find_what_is_live(void **state) {
    (void)state;
    assert_non_null(hostile_in_slack("a <!channel>"));
    assert_non_null(hostile_in_slack("a@everyone"));
    assert_non_null(hostile_in_slack("&#60;"));
    assert_non_null(hostile_in_discord("a @here"));
    assert_non_null(hostile_in_discord("\\<@123>"));
    assert_non_null(hostile_in_discord("[a](b)"));
    assert_non_null(hostile_in_discord("https://evil"));
    assert_non_null(hostile_in_discord("\\\\*a*"));
    assert_non_null(hostile_in_discord("a\n# b"));
    assert_non_null(hostile_in_discord("a :smile:"));
    assert_non_null(hostile_in_discord_plain("<#1>"));
    assert_non_null(hostile_in_discord_plain("a\xe2\x80\xae"));
    assert_null(hostile_in_discord("[ERROR] a\\*b <" ZWSP "@" ZWSP "1\\>"));
    assert_null(hostile_in_slack("&lt;@" ZWSP "U1&gt; \n"));
}

static void blank_is_what_nobody_sees(void **state) {
    (void)state;
    assert_true(markup_is_blank(NULL));
    assert_true(markup_is_blank(""));
    assert_true(markup_is_blank(" \t\r\n\xc2\xa0\xe3\x80\x80\xe2\xa0\x80\xe2\x80\xa8"));
    assert_false(markup_is_blank(" a"));
    assert_false(markup_is_blank("\x01")); /* becomes U+FFFD */
    assert_false(markup_is_blank("\xff"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_text_stays),
        cmocka_unit_test(what_slack_reads_is_spelled_as_entities),
        cmocka_unit_test(what_discord_reads_is_escaped_or_taken_apart),
        cmocka_unit_test(hidden_characters_are_seen_and_breaks_are_of_one_kind),
        cmocka_unit_test(programs_get_exact_text),
        cmocka_unit_test(a_cut_falls_between_code_points_and_escapes),
        cmocka_unit_test(json_is_counted_in_its_bytes),
        cmocka_unit_test(own_words_and_quotes_share_what_was_used),
        cmocka_unit_test(no_hostile_text_is_live),
        cmocka_unit_test(the_readers_find_what_is_live),
        cmocka_unit_test(blank_is_what_nobody_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
