/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/notify/verdict.h"

#define NOW_S INT64_C(784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define HOUR  VERDICT_PAUSE_MAX_MS
#define LEAST VERDICT_PAUSE_MIN_MS

static void every_status_has_its_verdict(void **state) {
    (void)state;
    for (int status = -1; status <= 1000; status++) {
        const bool refused = status == 400 || status == 413 || status == 422;
        const enum verdict wanted = status / 100 == 2 ? VERDICT_DELIVERED
                                    : status == 429   ? VERDICT_PACED
                                    : refused         ? VERDICT_REFUSED
                                    : status == 410   ? VERDICT_GONE
                                                      : VERDICT_RETRY;
        assert_int_equal(verdict_of(PAYLOAD_SLACK, status), wanted);
        assert_int_equal(verdict_of(PAYLOAD_GENERIC, status), wanted);
        assert_int_equal(verdict_of(PAYLOAD_DISCORD, status),
                         status == 404 ? VERDICT_GONE : wanted);
    }
}

/* Headers and body as text; NULL: not sent. */
static int64_t pause_ms(int status, const char *retry_after, const char *remaining,
                        const char *reset, const char *body) {
    const struct verdict_answer answer = {.status = status,
                                          .retry_after = str_of(retry_after),
                                          .limit_remaining = str_of(remaining),
                                          .limit_reset = str_of(reset),
                                          .body = str_of(body)};
    return verdict_pause_ms(&answer, NOW_S);
}

static void the_header_is_seconds_or_a_date(void **state) {
    (void)state;
    static const struct {
        const char *header;
        int64_t
            pause_ms; /* of a 429; of a 503 the same, but 0 where it is 1 s without being read */
        bool is_read;
    } rows[] = {
        {"1", 1000, true},
        {"30", 30000, true},
        {"0", LEAST, true},
        {"0.3", 300, true},
        {"0.001", LEAST, true},
        {"2.5", 2500, true},
        {"3600", HOUR, true},
        {"3601", HOUR, true},
        {"1e9", HOUR, true},
        {"1e999", HOUR, true},
        {"99999999999999999999999999", HOUR, true},
        {"1e-300", LEAST, true},
        {"Sun, 06 Nov 1994 08:49:47 GMT", 10000, true},
        {"Sunday, 06-Nov-94 08:49:47 GMT", 10000, true},
        {"Sun Nov  6 08:49:47 1994", 10000, true},
        {"Sun, 06 Nov 1994 08:49:37 GMT", LEAST, true},
        {"Thu, 01 Jan 1970 00:00:00 GMT", LEAST, true}, /* gone by */
        {"Fri, 31 Dec 9999 23:59:59 GMT", HOUR, true},
        {"-1", 1000, false},
        {"-0.5", 1000, false},
        {"abc", 1000, false},
        {"", 1000, false},
        {"10 seconds", 1000, false},
        {"10,20", 1000, false},
        {"0x10", 1000, false},
        {"inf", 1000, false},
        {"nan", 1000, false},
        {"1e", 1000, false},
        {"1-1", 1000, false},
        {"Sun, 06 Nov 1994 08:49:47 GMT; x", 1000, false},
        {"Sun, 06 Nov 1994 08:49:47 CET", 1000, false},
        {"000000000000000000000000000000000000000000000000000000000000000000000000001", 1000,
         false}, /* longer than any time */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t paced = pause_ms(429, rows[i].header, NULL, NULL, NULL);
        const int64_t other = pause_ms(503, rows[i].header, NULL, NULL, NULL);
        if (paced != rows[i].pause_ms || other != (rows[i].is_read ? rows[i].pause_ms : 0)) {
            fail_msg("'%s' is %lld and %lld ms", rows[i].header, (long long)paced,
                     (long long)other);
        }
    }
}

static void the_body_of_a_429_says_seconds(void **state) {
    (void)state;
    static const struct {
        const char *body;
        int64_t pause_ms;
    } rows[] = {
        {"{\"message\":\"rate limited\",\"retry_after\":0.65,\"global\":false}", 650},
        {"{\"retry_after\":2}", 2000},
        {"{\"retry_after\":0}", LEAST},
        {"{\"retry_after\":1e9}", HOUR},
        {"{\"retry_after\":-1}", 1000},
        {"{\"retry_after\":\"5\"}", 1000},
        {"{\"retry_after\":null}", 1000},
        {"{\"retry_after\":{}}", 1000},
        {"{\"retry_after\":1e999}", 1000}, /* no number to jansson */
        {"[{\"retry_after\":5}]", 1000},
        {"{\"retry_after\":5", 1000},
        {"retry_after", 1000},
        {"", 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(pause_ms(429, NULL, NULL, NULL, rows[i].body), rows[i].pause_ms);
        assert_int_equal(pause_ms(503, NULL, NULL, NULL, rows[i].body), 0);
    }
}

static void the_header_wins_over_the_body_and_that_over_the_bucket(void **state) {
    (void)state;
    /* Discord once sent milliseconds in the body. */
    assert_int_equal(pause_ms(429, "2", "0", "9", "{\"retry_after\":2000}"), 2000);
    assert_int_equal(pause_ms(429, "abc", "0", "9", "{\"retry_after\":3}"), 3000);
    assert_int_equal(pause_ms(429, NULL, "0", "9", "{\"retry_after\":-3}"), 9000);
    assert_int_equal(pause_ms(429, NULL, "1", "9", NULL), 1000);
}

static void an_empty_bucket_is_waited_for(void **state) {
    (void)state;
    assert_int_equal(pause_ms(204, NULL, "0", "1.5", NULL), 1500);
    assert_int_equal(pause_ms(204, NULL, "0", "1e9", NULL), HOUR);
    assert_int_equal(pause_ms(204, NULL, "1", "1.5", NULL), 0);
    assert_int_equal(pause_ms(204, NULL, "", "1.5", NULL), 0);
    assert_int_equal(pause_ms(204, NULL, "x", "1.5", NULL), 0);
    assert_int_equal(pause_ms(204, NULL, "0", NULL, NULL), 0);
    assert_int_equal(pause_ms(204, NULL, "0", "-1", NULL), 0);
    assert_int_equal(pause_ms(200, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(pause_ms(0, NULL, NULL, NULL, NULL), 0);
}

/* Views that do not end in NUL: nothing behind them may count. */
static void headers_are_read_to_their_length(void **state) {
    (void)state;
    const struct verdict_answer answer = {
        .status = 204, .limit_remaining = {"0123", 1}, .limit_reset = {"2000", 1}};
    assert_int_equal(verdict_pause_ms(&answer, NOW_S), 2000);
    const struct verdict_answer nul = {.status = 429,
                                       .retry_after = {"5\0"
                                                       "5",
                                                       3}};
    assert_int_equal(verdict_pause_ms(&nul, NOW_S), 1000);
}

static void a_deep_or_huge_body_is_only_unreadable(void **state) {
    (void)state;
    const size_t len = 4 * VERDICT_BODY_BYTES_MAX;
    char *body = malloc(len);
    assert_non_null(body);
    memset(body, '[', len);
    const struct verdict_answer answer = {.status = 429, .body = {body, len}};
    assert_int_equal(verdict_pause_ms(&answer, NOW_S), 1000);
    free(body);
}

static void the_schedule_lasts_about_a_day(void **state) {
    (void)state;
    static const int64_t pauses_s[] = {5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800};
    int64_t shortest_ms = 0;
    int64_t longest_ms = 0;
    for (int attempt = 1; attempt <= 10; attempt++) {
        int64_t least = INT64_MAX;
        int64_t most = 0;
        for (uint32_t random = 0; random < 1000; random++) {
            const int64_t ms = verdict_backoff_ms(attempt, random * 4294967u);
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        const int64_t base_ms = pauses_s[attempt - 1] * 1000;
        assert_true(least >= base_ms * 80 / 100 && least < base_ms * 82 / 100);
        assert_true(most <= base_ms * 120 / 100 && most > base_ms * 118 / 100);
        shortest_ms += least;
        longest_ms += most;
    }
    assert_true(shortest_ms > 18 * 3600000LL && longest_ms < 30 * 3600000LL);
    assert_int_equal(verdict_backoff_ms(11, 0), -1);
    assert_int_equal(verdict_backoff_ms(INT32_MAX, 0), -1);
    assert_int_equal(verdict_backoff_ms(0, 0), 4000);
}

static void an_endpoint_rests_longer_with_each_failure(void **state) {
    (void)state;
    static const int64_t rests_ms[] = {0, 5000, 10000, 20000, 40000, 80000, 160000, 300000};
    for (int failures = 0; failures < 100; failures++) {
        assert_int_equal(verdict_rest_ms(failures), rests_ms[failures < 7 ? failures : 7]);
    }
    assert_int_equal(verdict_rest_ms(-1), 0);
    assert_int_equal(verdict_rest_ms(INT32_MAX), 300000);
}

/* Excerpts. */

#define SLACK_URL   "https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/XXcanaryXXcanaryXX123456"
#define DISCORD_URL "https://discord.com/api/webhooks/123456789012345678/canary-Token_68"

static void expect(const char *body, const char *url, const char *wanted) {
    char out[VERDICT_EXCERPT_BYTES_MAX + 1];
    verdict_excerpt(str_of(body), url, out);
    assert_string_equal(out, wanted);
}

static void what_an_answer_says_is_kept(void **state) {
    (void)state;
    expect("", SLACK_URL, "");
    expect("no_service", SLACK_URL, "no_service");
    expect("invalid_payload", SLACK_URL, "invalid_payload");
    expect("{\"message\": \"Unknown Webhook\", \"code\": 10015}", DISCORD_URL,
           "{\"message\": \"Unknown Webhook\", \"code\": 10015}");
    expect("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", SLACK_URL,
           "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80");
}

static void it_is_one_line_of_what_can_be_seen(void **state) {
    (void)state;
    expect("<html>\r\n\t<b>a</b>\x1b[31m\xe2\x80\xae"
           "b\xe2\x80\xa8"
           "c",
           SLACK_URL, "<html> <b>a</b> [31m b c");
    expect("\n\n a", SLACK_URL, "a");
    expect("a\xff\xc0\xbc", SLACK_URL, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    char out[VERDICT_EXCERPT_BYTES_MAX + 1];
    verdict_excerpt((struct str){"a\0b", 3}, SLACK_URL, out);
    assert_string_equal(out, "a b");
}

static void the_url_is_not_repeated(void **state) {
    (void)state;
    expect("no route " SLACK_URL "!", SLACK_URL, "no route https://hooks.slack.com***!");
    expect("token XXcanaryXXcanaryXX123456 is bad", SLACK_URL, "token *** is bad");
    expect("token xxCANARYxxcanaryXX123456 is bad", SLACK_URL, "token *** is bad");
    expect("part anaryXXcanaryXX is bad", SLACK_URL, "part *** is bad");
    expect("/services\\/T01ABCDEF\\/B01ABCDEF", SLACK_URL, "***\\***\\***");
    expect("user bot:hunter22secret", "https://bot:hunter22secret@h.example/x", "user ***");
    expect("key=a+b/c+d/e+f", "https://h.example/?key=a%2Bb%2fc%2Bd%2Fe%2Bf", "***");
    expect("key=a%2Bb%2fc", "https://h.example/?key=a%2Bb%2fc%2Bd", "***");
    expect("fragment0123", "https://h.example#fragment0123", "***");
    expect("in \xc3\xa9secret0\xc3\xa9", "https://h.example/\xa9secret0\xc3", "in ***");
    expect("no scheme /abcdefgh", "h.example/abcdefgh", "no scheme ***");
    expect("h.example said", "https://h.example/abcdefgh", "h.example said");
    expect("short: /abc", "https://h.example/abc", "short: /abc");
}

static void it_is_cut_between_code_points(void **state) {
    (void)state;
    for (size_t pad = 0; pad < 4; pad++) {
        char body[2000];
        char out[VERDICT_EXCERPT_BYTES_MAX + 1];
        memset(body, 'x', pad);
        for (size_t at = pad; at + 4 < sizeof body; at += 4) {
            memcpy(body + at, "\xf0\x9f\x98\x80", 5);
        }
        verdict_excerpt(str_of(body), SLACK_URL, out);
        const size_t len = strlen(out);
        assert_true(len <= VERDICT_EXCERPT_BYTES_MAX && len > VERDICT_EXCERPT_BYTES_MAX - 4);
        assert_true(str_is_text(str_of(out)));
        assert_string_equal(out + len - 3, "\xe2\x80\xa6");
    }
    char whole[VERDICT_EXCERPT_BYTES_MAX + 1];
    memset(whole, 'x', VERDICT_EXCERPT_BYTES_MAX);
    whole[VERDICT_EXCERPT_BYTES_MAX] = '\0';
    expect(whole, SLACK_URL, whole);
}

/* Wherever it begins, and whatever is cut. */
static void no_place_in_the_body_shows_the_secret(void **state) {
    (void)state;
    for (size_t at = 0; at < 1100; at++) {
        char body[1300];
        char out[VERDICT_EXCERPT_BYTES_MAX + 1];
        memset(body, ' ', at);
        strcpy(body + at, SLACK_URL);
        verdict_excerpt(str_of(body), SLACK_URL, out);
        assert_null(strstr(out, "canaryXX"));
        assert_null(strstr(out, "B01ABCDE"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_verdict),
        cmocka_unit_test(the_header_is_seconds_or_a_date),
        cmocka_unit_test(the_body_of_a_429_says_seconds),
        cmocka_unit_test(the_header_wins_over_the_body_and_that_over_the_bucket),
        cmocka_unit_test(an_empty_bucket_is_waited_for),
        cmocka_unit_test(headers_are_read_to_their_length),
        cmocka_unit_test(a_deep_or_huge_body_is_only_unreadable),
        cmocka_unit_test(the_schedule_lasts_about_a_day),
        cmocka_unit_test(an_endpoint_rests_longer_with_each_failure),
        cmocka_unit_test(what_an_answer_says_is_kept),
        cmocka_unit_test(it_is_one_line_of_what_can_be_seen),
        cmocka_unit_test(the_url_is_not_repeated),
        cmocka_unit_test(it_is_cut_between_code_points),
        cmocka_unit_test(no_place_in_the_body_shows_the_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
