/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/wire/clock.h"

#define WINDOW_NS  (10 * CLOCK_NS_PER_S)
#define WINDOW_MAX 5
#define LINE_BYTES 2048

const char *const log_level_names[LOG_LEVELS] = {"debug", "info", "warn", "error"};

static _Atomic int least_level = LOG_INFO;

void log_set_level(enum log_level least) {
    atomic_store(&least_level, (int)least);
}

/* True if this line may be written; out_suppressed: lines left out before it. Two threads at one
 * site may both start a window: a line too many, never one too few. */
static bool may_write(struct log_site *site, int64_t *out_suppressed) {
    const int64_t now = clock_mono_ns();
    *out_suppressed = 0;
    if (now - atomic_load(&site->window_ns) > WINDOW_NS || atomic_load(&site->window_ns) == 0) {
        atomic_store(&site->window_ns, now);
        atomic_store(&site->lines, 1);
        *out_suppressed = atomic_exchange(&site->suppressed, 0);
        return true;
    }
    if (atomic_fetch_add(&site->lines, 1) < WINDOW_MAX) {
        return true;
    }
    atomic_fetch_add(&site->suppressed, 1);
    return false;
}

struct line {
    char text[LINE_BYTES];
    size_t len;
};

static void put_char(struct line *line, char c) {
    if (line->len < LINE_BYTES - 2) { /* room for a closing quote and the newline stays */
        line->text[line->len++] = c;
    }
}

static void put_text(struct line *line, const char *text) {
    for (; *text; text++) {
        put_char(line, *text);
    }
}

/* Bytes that could break the line, forge fields or drive a terminal become '?' or '\''. */
static void put_quoted(struct line *line, const char *text) {
    put_text(line, " why=\"");
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        put_char(line, c < 0x20 || c == 0x7f ? '?' : c == '"' ? '\'' : *text);
    }
    line->text[line->len++] = '"';
}

void log_write(struct log_site *site, enum log_level level, const char *event, const char *why,
               const char *fields, ...) {
    int64_t suppressed;
    if ((int)level < atomic_load(&least_level) || !may_write(site, &suppressed)) {
        return;
    }
    struct line line = {.len = 0};
    char part[1024];
    snprintf(part, sizeof part, "level=%s event=%s", log_level_names[level], event);
    put_text(&line, part);
    va_list args;
    va_start(args, fields);
    const int len = vsnprintf(part, sizeof part, fields, args);
    va_end(args);
    if (len > 0) {
        put_char(&line, ' ');
        put_text(&line, part);
    }
    if (suppressed > 0) {
        snprintf(part, sizeof part, " suppressed=%lld", (long long)suppressed);
        put_text(&line, part);
    }
    if (why) {
        put_quoted(&line, why);
    }
    line.text[line.len++] = '\n';
    /* One write per line keeps lines of several threads whole; nothing can be done if it fails. */
    const ssize_t written = write(STDERR_FILENO, line.text, line.len);
    (void)written;
}
