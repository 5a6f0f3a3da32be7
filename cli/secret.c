/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "schema/wire/buf.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    caught = number;
}

/* The signals that would end the process while the terminal shows nothing that is typed. */
static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define DEADLY (sizeof deadly / sizeof *deadly)

/* Up to a line break, the end, or a full buffer. *out_len: without the line break. */
static enum err read_line(int fd, bool stops_at_break, size_t size, char *out, size_t *out_len,
                          struct why *why) {
    size_t len = 0;
    while (len < size) {
        const ssize_t n = read(fd, out + len, size - len);
        if (n < 0 && (errno != EINTR || caught != 0)) {
            return why_set(why, ERR_IO, "cannot read it: %s", strerror(errno));
        }
        len += n > 0 ? (size_t)n : 0;
        if (n == 0 || (stops_at_break && len > 0 && out[len - 1] == '\n')) {
            break;
        }
    }
    *out_len = len;
    return ERR_OK;
}

/* Echo comes back, whatever happens in between. */
static enum err read_typed(const char *prompt, size_t size, char *out, size_t *out_len,
                           struct why *why) {
    struct termios before;
    struct sigaction old[DEADLY];
    const struct sigaction note = {.sa_handler = on_signal}; /* no SA_RESTART: read() returns */
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return why_set(why, ERR_IO, "cannot read it: %s", strerror(errno));
    }
    for (size_t i = 0; i < DEADLY; i++) {
        sigaction(deadly[i], &note, &old[i]);
    }
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s: ", prompt);
    fflush(stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    const enum err err = read_line(STDIN_FILENO, true, size, out, out_len, why);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    for (size_t i = 0; i < DEADLY; i++) {
        sigaction(deadly[i], &old[i], NULL);
    }
    if (caught != 0) {
        raise(caught);
    }
    return err;
}

static enum err read_file(const char *file, size_t size, char *out, size_t *out_len,
                          struct why *why) {
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return why_set(why, ERR_CONFIG, "cannot open %.200s: %s", file, strerror(errno));
    }
    const enum err err = read_line(fd, false, size, out, out_len, why);
    close(fd);
    return err;
}

static enum err read_any(const char *file, const char *prompt, size_t size, char *out,
                         size_t *out_len, struct why *why) {
    if (file != NULL) {
        return read_file(file, size, out, out_len, why);
    }
    return isatty(STDIN_FILENO) == 1 ? read_typed(prompt, size, out, out_len, why)
                                     : read_line(STDIN_FILENO, false, size, out, out_len, why);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_line(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return str_is_text(text);
}

/* Leaves out the blanks around it and ends it with a NUL. */
static enum err tidy(size_t size, size_t len, char *text, struct why *why) {
    size_t first = 0;
    if (len == size) {
        return why_set(why, ERR_TOO_LONG, "it is longer than %zu bytes", size - 1);
    }
    while (first < len && is_blank(text[first])) {
        first++;
    }
    while (len > first && is_blank(text[len - 1])) {
        len--;
    }
    memmove(text, text + first, len - first);
    text[len - first] = '\0';
    return is_line((struct str){text, len - first})
               ? ERR_OK
               : why_set(why, ERR_UTF8,
                         "it is one line of text (UTF-8) without control characters");
}

enum err secret_read(const char *file, const char *prompt, size_t size, char *out,
                     struct why *why) {
    size_t len = 0;
    prctl(PR_SET_DUMPABLE, 0);
    enum err err = read_any(file, prompt, size, out, &len, why);
    if (err == ERR_OK) {
        err = tidy(size, len, out, why);
    }
    if (err != ERR_OK) {
        explicit_bzero(out, size);
    }
    return err;
}
