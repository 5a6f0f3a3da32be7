/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/keywatch.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector/counters.h"
#include "collector/log.h"
#include "collector/session.h"
#include "collector_sql.h"
#include "schema/db/pg.h"
#include "schema/wire/clock.h"

#define RELOAD_MS 1000

struct keywatch {
    const char *dsn;
    struct allowlist *list;
    struct pg *pg; /* NULL: to be opened */
    int stop;      /* eventfd */
    bool stale;    /* the latest reading failed */
    pthread_t thread;
};

static void take_row(const struct pg_rows *rows, int row, struct allowlist_key *out) {
    *out = (struct allowlist_key){
        .key_id = (uint64_t)pg_int(rows, row, 0),
        .revoked = pg_text(rows, row, 2)[0] == 't',
        .binding = pg_int(rows, row, 3),
        .limits = {pg_int(rows, row, 4), pg_int(rows, row, 5), pg_int(rows, row, 6)}};
    const char *public_key = pg_text(rows, row, 1);
    memcpy(out->public_key, public_key, strnlen(public_key, KEYFILE_KEY_CHARS));
}

static void take_rows(struct keywatch *watch, const struct pg_rows *rows) {
    const size_t n = (size_t)pg_rows_n(rows);
    struct allowlist_key *keys = calloc(n + 1, sizeof *keys);
    if (!keys) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        take_row(rows, (int)i, &keys[i]);
    }
    allowlist_set(watch->list, n, keys);
    counters_set(COUNTER_keys, (int64_t)n);
    free(keys);
}

static enum err reload(struct keywatch *watch, struct why *why) {
    struct pg_rows *rows = NULL;
    enum err err = session_ensure(watch->dsn, "tocsind keys", &watch->pg, why);
    if (err == ERR_OK) {
        err = pg_prepared(watch->pg, "list_keys", sql_list_keys, 0, NULL, &rows, why);
    }
    if (err != ERR_OK) {
        session_drop(&watch->pg);
        return err;
    }
    if (pg_rows_n(rows) > ALLOWLIST_KEYS_MAX) {
        err = why_set(why, ERR_TOO_LONG, "there are more than %d keys; delete revoked ones",
                      ALLOWLIST_KEYS_MAX);
    } else {
        take_rows(watch, rows);
    }
    pg_rows_free(rows);
    return err;
}

/* True if told to stop before the next reading is due. */
static bool stop_within(const struct keywatch *watch, int ms) {
    struct pollfd fd = {.fd = watch->stop, .events = POLLIN};
    return poll(&fd, 1, ms) == 1;
}

static void *run(void *context) {
    struct keywatch *watch = context;
    pthread_setname_np(pthread_self(), "keywatch");
    while (!stop_within(watch, RELOAD_MS)) {
        struct why why = {""};
        const bool stale = reload(watch, &why) != ERR_OK;
        if (stale && !watch->stale) {
            log_line(LOG_WARN, "keys_stale", why.text, "%s", "");
        } else if (!stale && watch->stale) {
            log_line(LOG_INFO, "keys_current", NULL, "%s", "");
        }
        watch->stale = stale;
    }
    return NULL;
}

static void keywatch_free(struct keywatch *watch) {
    session_drop(&watch->pg);
    close(watch->stop);
    free(watch);
}

enum err keywatch_start(const char *dsn, struct allowlist *list, struct keywatch **out,
                        struct why *why) {
    struct keywatch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        abort();
    }
    watch->dsn = dsn;
    watch->list = list;
    watch->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch->stop < 0) {
        abort();
    }
    enum err err = reload(watch, why);
    if (err == ERR_OK && pthread_create(&watch->thread, NULL, run, watch) != 0) {
        err = why_set(why, ERR_MEMORY, "cannot start a thread; raise the limit of processes");
    }
    if (err != ERR_OK) {
        keywatch_free(watch);
        return err;
    }
    *out = watch;
    return ERR_OK;
}

bool keywatch_stop(struct keywatch *watch, int64_t deadline_ns) {
    const struct timespec deadline = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                      .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    const uint64_t one = 1;
    if (!watch) {
        return true;
    }
    if (write(watch->stop, &one, sizeof one) < 0 ||
        pthread_clockjoin_np(watch->thread, NULL, CLOCK_MONOTONIC, &deadline) != 0) {
        return false;
    }
    keywatch_free(watch);
    return true;
}
