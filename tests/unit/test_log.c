/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/log.h"

/* What log_write() writes, read back from a pipe in place of stderr. */
static size_t capture(void (*act)(void), size_t size, char *out) {
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    const int old = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    act();
    dup2(old, STDERR_FILENO);
    close(old);
    close(ends[1]);
    const ssize_t got = read(ends[0], out, size - 1);
    close(ends[0]);
    out[got > 0 ? got : 0] = '\0';
    return got > 0 ? (size_t)got : 0;
}

static void write_hostile(void) {
    log_line(LOG_WARN, "x", "a\"b\nlevel=error\x1b[31m", "n=%d", 7);
}

static void text_from_outside_cannot_forge_a_line(void **state) {
    (void)state;
    char text[4096];
    capture(write_hostile, sizeof text, text);
    assert_string_equal(text, "level=warn event=x n=7 why=\"a'b?level=error?[31m\"\n");
}

static void write_long(void) {
    char why[5000];
    memset(why, 'y', sizeof why);
    why[sizeof why - 1] = '\0';
    log_line(LOG_WARN, "x", why, "%s", "");
}

static void a_long_reason_is_cut_and_the_line_stays_whole(void **state) {
    (void)state;
    char text[8192];
    const size_t len = capture(write_long, sizeof text, text);
    assert_true(len <= 2048);
    assert_string_equal(text + len - 2, "\"\n");
}

static void write_often(void) {
    for (int i = 0; i < 1000; i++) {
        log_line(LOG_WARN, "often", NULL, "%s", "");
    }
}

static void a_repeated_line_is_limited(void **state) {
    (void)state;
    char text[65536];
    capture(write_often, sizeof text, text);
    size_t lines = 0;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
    }
    assert_in_range(lines, 1, 10);
}

static void write_debug(void) {
    log_line(LOG_DEBUG, "quiet", NULL, "%s", "");
}

static void lines_below_the_level_are_not_written(void **state) {
    (void)state;
    char text[256];
    assert_int_equal(capture(write_debug, sizeof text, text), 0);
    log_set_level(LOG_DEBUG);
    assert_true(capture(write_debug, sizeof text, text) > 0);
    log_set_level(LOG_INFO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_from_outside_cannot_forge_a_line),
        cmocka_unit_test(a_long_reason_is_cut_and_the_line_stays_whole),
        cmocka_unit_test(a_repeated_line_is_limited),
        cmocka_unit_test(lines_below_the_level_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
