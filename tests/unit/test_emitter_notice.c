/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/notice.h"
#include "schema/wire/clock.h"
#include "tests/unit/scene.h"

static struct wire_alert alert;

static int reset(void **state) {
    (void)state;
    unsetenv("NO_COLOR");
    alert = (struct wire_alert){.level = WIRE_LEVEL_WARN,
                                .title = str_of("loss is rising"),
                                .step = WIRE_STEP_NONE,
                                .time_ns = 1};
    return 0;
}

static void print_alert(void *quiet) {
    notice_alert(quiet != NULL, &alert);
}

static const char *printed(void) {
    static char text[2 * PIPE_BUF];
    scene_capture(STDOUT_FILENO, print_alert, NULL, sizeof text, text);
    return text;
}

static void an_alert_is_one_plain_line(void **state) {
    (void)state;
    assert_string_equal(printed(), "[TOCSIN WARN] loss is rising\n");
    alert.level = WIRE_LEVEL_ERROR;
    alert.text = str_of("since 10 steps");
    alert.step = -7;
    assert_string_equal(printed(), "[TOCSIN ERROR] loss is rising: since 10 steps (step -7)\n");
    alert.level = WIRE_LEVEL_INFO;
    alert.text = str_of(NULL);
    assert_string_equal(printed(), "[TOCSIN INFO] loss is rising (step -7)\n");
}

static void a_quiet_run_prints_nothing(void **state) {
    (void)state;
    char text[256];
    scene_capture(STDOUT_FILENO, print_alert, &alert, sizeof text, text);
    assert_string_equal(text, "");
}

/* Everything that moves a cursor, colours, rings, ends the line, or turns the reading order. */
static void hostile_text_cannot_reach_the_terminal(void **state) {
    (void)state;
    alert.title = str_of("a\x1b[2Jb\nc\rd\x07"
                         "e\x7f"
                         "f\xc2\x9b"
                         "31mg");
    alert.text = str_of("h\xe2\x80\xaei\xe2\x81\xa6j\xe2\x80\xa8k\xe2\x80\x8fl\tm");
    assert_string_equal(printed(), "[TOCSIN WARN] a [2Jb c d e f 31mg: h i j k l m\n");
}

static void other_text_stays_as_it_is(void **state) {
    (void)state;
    alert.title = str_of("Größe ∑ 損失 🔔 \xe2\x80\x94 \xe2\x81\xa5 \xc2\xa0");
    assert_string_equal(printed(), "[TOCSIN WARN] Größe ∑ 損失 🔔 \xe2\x80\x94 \xe2\x81\xa5 "
                                   "\xc2\xa0\n");
}

static void a_long_alert_is_cut_at_a_code_point_and_stays_one_line(void **state) {
    (void)state;
    static char title[WIRE_TITLE_BYTES_MAX];
    static char text[WIRE_TEXT_BYTES_MAX];
    memset(title, 't', sizeof title);
    for (size_t i = 0; i + 1 < sizeof text; i += 2) {
        memcpy(text + i, "ß", 2);
    }
    text[0] = 'x'; /* now the cut is in the middle of a character */
    text[1] = 'x';
    memmove(text + 1, text + 2, sizeof text - 2);
    alert.title = (struct str){.ptr = title, .len = sizeof title};
    alert.text = (struct str){.ptr = text, .len = sizeof text - 1};
    alert.step = 7;
    const char *line = printed();
    assert_true(strlen(line) <= PIPE_BUF);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_true(str_is_text(str_of(line)));
    assert_non_null(strstr(line, "ß... (step 7)\n"));
}

/* What a terminal gets; the other end of it is read here. */
static const char *printed_on_terminal(void) {
    static char text[1024];
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    const int other_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(other_end >= 0);
    const int kept = dup(STDOUT_FILENO);
    assert_true(dup2(other_end, STDOUT_FILENO) >= 0);
    notice_alert(false, &alert);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    const ssize_t n = read(terminal, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    close(kept);
    close(other_end);
    close(terminal);
    return text;
}

static void a_terminal_gets_colour_unless_no_color_is_set(void **state) {
    (void)state;
    assert_string_equal(printed_on_terminal(), "\x1b[93m[TOCSIN WARN]\x1b[0m loss is rising\r\n");
    setenv("NO_COLOR", "", 1); /* empty is not set: no-color.org */
    assert_non_null(strstr(printed_on_terminal(), "\x1b[93m"));
    setenv("NO_COLOR", "1", 1);
    assert_string_equal(printed_on_terminal(), "[TOCSIN WARN] loss is rising\r\n");
}

/* A pipe that nobody reads is full, then closed: neither may stop or kill the training process. */
static void a_stopped_or_closed_reader_does_no_harm(void **state) {
    (void)state;
    int ends[2];
    char junk[4096] = {0};
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], junk, sizeof junk) > 0) {
    }
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0); /* blocking, as stdout is */
    const int kept = dup(STDOUT_FILENO);
    assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
    const int64_t before_ns = clock_mono_ns();
    notice_alert(false, &alert);
    const int64_t full_ns = clock_mono_ns() - before_ns;
    close(ends[0]);
    notice_alert(false, &alert); /* SIGPIPE would end this process */
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    close(ends[1]);
    assert_true(full_ns < CLOCK_NS_PER_S);
}

/* The linker puts this in the place of poll(). */
static bool reader_leaves;
int __real_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
    const int ready = __real_poll(fds, n, timeout_ms);
    fds->revents = reader_leaves ? POLLOUT : fds->revents;
    return ready;
}

static void a_reader_that_leaves_in_the_last_moment_raises_no_signal(void **state) {
    (void)state;
    int ends[2];
    sigset_t pending;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    const int kept = dup(STDOUT_FILENO);
    assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
    reader_leaves = true;
    notice_alert(false, &alert);
    reader_leaves = false;
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
    close(kept);
    close(ends[1]);
}

static void say_hostile(void *context) {
    notice_say(false, "the collector says: %s", (const char *)context);
}

static void what_the_collector_says_is_made_safe(void **state) {
    (void)state;
    char text[256];
    char hostile[] = "no\x1b]0;owned\x07\nroot# rm";
    scene_capture(STDERR_FILENO, say_hostile, hostile, sizeof text, text);
    assert_string_equal(text, "tocsin: the collector says: no ]0;owned  root# rm\n");
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void) {
    alarm(30); /* a write that blocks ends the test */
    const struct CMUnitTest tests[] = {
        TEST(an_alert_is_one_plain_line),
        TEST(a_quiet_run_prints_nothing),
        TEST(hostile_text_cannot_reach_the_terminal),
        TEST(other_text_stays_as_it_is),
        TEST(a_long_alert_is_cut_at_a_code_point_and_stays_one_line),
        TEST(a_terminal_gets_colour_unless_no_color_is_set),
        TEST(a_stopped_or_closed_reader_does_no_harm),
        TEST(a_reader_that_leaves_in_the_last_moment_raises_no_signal),
        TEST(what_the_collector_says_is_made_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
