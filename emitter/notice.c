/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/notice.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Room for the longest title, TEXT_BYTES of text, and what stands around them. */
#define LINE_BYTES PIPE_BUF
#define TEXT_BYTES (LINE_BYTES / 2)
_Static_assert(WIRE_TITLE_BYTES_MAX + TEXT_BYTES + 256 <= LINE_BYTES, "a line always ends");

/* Sequences that move the cursor, break the line or reorder the text of whoever reads it: C0, DEL,
 * C1, line separators, and the bidirectional controls. UTF-8; ranges of the last byte. */
static const struct {
    uint8_t len;
    uint8_t prefix[2];
    uint8_t first, last;
} unsafe_forms[] = {
    {1, {0}, 0x00, 0x1f},          {1, {0}, 0x7f, 0x7f},          {2, {0xc2}, 0x80, 0x9f},
    {3, {0xe2, 0x80}, 0x8e, 0x8f}, {3, {0xe2, 0x80}, 0xa8, 0xae}, {3, {0xe2, 0x81}, 0xa6, 0xa9},
};

static size_t unsafe_bytes(const uint8_t *p, size_t left) {
    for (size_t i = 0; i < sizeof unsafe_forms / sizeof unsafe_forms[0]; i++) {
        const size_t len = unsafe_forms[i].len;
        if (len <= left && memcmp(p, unsafe_forms[i].prefix, len - 1) == 0 &&
            p[len - 1] >= unsafe_forms[i].first && p[len - 1] <= unsafe_forms[i].last) {
            return len;
        }
    }
    return 0;
}

struct line {
    char bytes[LINE_BYTES];
    size_t len;
};

static void add(struct line *line, const char *bytes, size_t len) {
    const size_t room = sizeof line->bytes - line->len;
    memcpy(line->bytes + line->len, bytes, len < room ? len : room);
    line->len += len < room ? len : room;
}

/* Adds at most max bytes of foreign text, made safe and cut at a code point. */
static void add_text(struct line *line, struct str text, size_t max) {
    const uint8_t *p = (const uint8_t *)text.ptr;
    size_t end = text.len < max ? text.len : max;
    while (end < text.len && end > 0 && (p[end] & 0xc0) == 0x80) {
        end--;
    }
    for (size_t i = 0; i < end;) {
        const size_t bad = unsafe_bytes(p + i, end - i);
        add(line, bad > 0 ? " " : text.ptr + i, 1);
        i += bad > 0 ? bad : 1;
    }
    if (end < text.len) {
        add(line, "...", 3);
    }
}

/* A reader may go away between poll() and write(). The signal is then taken back in this thread,
 * unless the program has one pending of its own; nothing of the program's handling is touched. */
static void write_without_sigpipe(int fd, const struct line *line) {
    const struct timespec at_once = {0};
    sigset_t before;
    sigset_t broken;
    sigset_t pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    const ssize_t written = write(fd, line->bytes, line->len);
    if (written < 0 && errno == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
        sigtimedwait(&broken, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void put(int fd, struct line *line) {
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    add(line, "\n", 1);
    if (poll(&ready, 1, 0) == 1 && ready.revents == POLLOUT) {
        write_without_sigpipe(fd, line);
    }
}

void notice_say(bool quiet, const char *format, ...) {
    if (quiet) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct line line = {.len = 0};
    add(&line, "tocsin: ", 8);
    add_text(&line, str_of(text), sizeof text);
    put(STDERR_FILENO, &line);
}

static const struct {
    const char *name;
    const char *colour;
} levels[] = {
    [WIRE_LEVEL_INFO] = {"INFO", "\x1b[94m"},
    [WIRE_LEVEL_WARN] = {"WARN", "\x1b[93m"},
    [WIRE_LEVEL_ERROR] = {"ERROR", "\x1b[91m"},
};

static bool is_coloured(void) {
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && isatty(STDOUT_FILENO);
}

void notice_alert(bool quiet, const struct wire_alert *alert) {
    if (quiet) {
        return;
    }
    const bool coloured = is_coloured();
    char head[64];
    char tail[64];
    struct line line = {.len = 0};
    snprintf(head, sizeof head, "%s[TOCSIN %s]%s ", coloured ? levels[alert->level].colour : "",
             levels[alert->level].name, coloured ? "\x1b[0m" : "");
    add(&line, head, strlen(head));
    add_text(&line, alert->title, WIRE_TITLE_BYTES_MAX);
    if (alert->text.ptr != NULL) {
        add(&line, ": ", 2);
        add_text(&line, alert->text, TEXT_BYTES);
    }
    if (alert->step != WIRE_STEP_NONE) {
        snprintf(tail, sizeof tail, " (step %lld)", (long long)alert->step);
        add(&line, tail, strlen(tail));
    }
    put(STDOUT_FILENO, &line);
}
