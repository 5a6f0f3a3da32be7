/* SPDX-License-Identifier: Apache-2.0 */

/* Drives schema/db/pg.h against a real server: pg_probe <dsn> <verb>:<text>... on one connection.
 * Prints one line a step, "ERR_OK|... <sqlstate or -> <why, rows or ->", and exits 0 whatever the
 * steps said; test_pg.py compares. */

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "schema/db/pg.h"

static const char *symbol_of(enum err err) {
    static const char *const symbols[] = {
#define X(symbol, class, text) #symbol,
        ERR_TABLE(X)
#undef X
    };
    return symbols[err];
}

static void say(const struct pg *pg, enum err err, const char *text) {
    const char *state = pg != NULL ? pg_sqlstate(pg) : "";
    printf("%s %s %s\n", symbol_of(err), state[0] != '\0' ? state : "-",
           text[0] != '\0' ? text : "-");
}

static void run(struct pg *pg, const char *text) {
    struct why why = {""};
    const enum err err = pg_run(pg, text, &why);
    say(pg, err, why.text);
}

/* The first field of the first row, or how many rows were affected if there is none. */
static void say_rows(struct pg *pg, enum err err, struct pg_rows *rows, const struct why *why) {
    char text[256];
    if (err != ERR_OK) {
        say(pg, err, why->text);
        return;
    }
    const char *field = pg_rows_n(rows) > 0 ? pg_text(rows, 0, 0) : NULL;
    if (field != NULL) {
        snprintf(text, sizeof text, "%s", field);
    } else {
        snprintf(text, sizeof text, "%" PRId64, pg_affected(rows));
    }
    say(pg, ERR_OK, text);
    pg_rows_free(rows);
}

static void query(struct pg *pg, const char *text) {
    struct why why = {""};
    struct pg_rows *rows = NULL;
    const enum err err = pg_query(pg, text, 0, NULL, &rows, &why);
    say_rows(pg, err, rows, &why);
}

/* text is its own name: the same text twice is the same prepared statement. */
static void prepared(struct pg *pg, const char *text) {
    struct why why = {""};
    struct pg_rows *rows = NULL;
    const enum err err = pg_prepared(pg, text, text, 0, NULL, &rows, &why);
    say_rows(pg, err, rows, &why);
}

static bool count(void *context, const struct pg_rows *row) {
    int *n = context;
    *n += pg_rows_n(row);
    return *n < 1000;
}

/* Stops reading after a thousand rows. */
static void stream(struct pg *pg, const char *text) {
    struct why why = {""};
    char rows[32];
    int n = 0;
    const enum err err = pg_stream(pg, text, 0, NULL, count, &n, &why);
    snprintf(rows, sizeof rows, "%d", n);
    say(pg, err, err == ERR_OK ? rows : why.text);
}

/* An empty binary COPY; "text" may be any COPY that takes it. */
static void copy(struct pg *pg, const char *text) {
    static const char nothing[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377";
    struct why why = {""};
    enum err err = pg_copy_begin(pg, text, &why);
    if (err == ERR_OK) {
        err = pg_copy_put(pg, nothing, sizeof nothing - 1, &why);
    }
    if (err == ERR_OK) {
        err = pg_copy_end(pg, &why);
    }
    say(pg, err, why.text);
}

/* Until the server has closed its end; what it said before is not read yet. */
static void wait_for_end(struct pg *pg, const char *text) {
    (void)text;
    struct pollfd fd = {.fd = pg_socket(pg), .events = POLLRDHUP};
    printf("%s\n", poll(&fd, 1, 15000) == 1 ? "closed" : "open");
}

static void step(struct pg *pg, const char *arg) {
    static const struct {
        const char *verb;
        void (*run)(struct pg *pg, const char *text);
    } verbs[] = {{"run:", run},       {"query:", query}, {"prepared:", prepared},
                 {"stream:", stream}, {"copy:", copy},   {"wait:", wait_for_end}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const size_t len = strlen(verbs[i].verb);
        if (strncmp(arg, verbs[i].verb, len) == 0) {
            verbs[i].run(pg, arg + len);
        }
    }
}

int main(int argc, char **argv) {
    struct pg *pg = NULL;
    struct why why = {""};
    const enum err err = argc > 1 ? pg_open(argv[1], "pg_probe", &pg, &why) : ERR_CONFIG;
    say(NULL, err, why.text);
    for (int i = 2; i < argc && err == ERR_OK; i++) {
        step(pg, argv[i]);
    }
    pg_close(pg);
    return 0;
}
