/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/compactor.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector/compact/backlog.h"
#include "collector/compact/join.h"
#include "collector/compact/retention.h"
#include "collector/counters.h"
#include "collector/log.h"
#include "collector/session.h"
#include "schema/wire/clock.h"

#define LOOKING_SHARE 2 /* percent of the time for looking what there is to do, however much */

struct task { /* what the thread does, for its log */
    const char *failed;
    const char *goes_on;
    bool failing; /* the latest transaction did */
};

struct compactor {
    const struct settings *settings;
    struct pg *pg; /* NULL: to be opened */
    int stop;      /* eventfd */
    bool stopping;
    struct task compaction;
    struct task retention;
    struct join *join;
    struct backlog backlog;
    pthread_t thread;
};

static void rest(struct compactor *compactor, int64_t ms) {
    struct pollfd fd = {.fd = compactor->stop, .events = POLLIN};
    if (poll(&fd, 1, ms < INT_MAX ? (int)ms : INT_MAX) == 1) {
        compactor->stopping = true;
    }
}

/* After work that took took_ns: so long that its share is kept. */
static void rest_after(struct compactor *compactor, int64_t took_ns, int64_t share) {
    counters_add(COUNTER_compaction_time, took_ns);
    rest(compactor, took_ns * (100 - share) / share / CLOCK_NS_PER_MS);
}

/* A transaction that lost against another one is nothing to speak of; a connection that failed is,
 * once, and so is a series that cannot be compacted. */
static void note(struct compactor *compactor, struct task *task, enum err err,
                 const struct why *why) {
    struct why ignored;
    const bool failed = err != ERR_OK && err != ERR_DB_RETRY;
    if (failed && !task->failing) {
        log_line(LOG_WARN, task->failed, why->text, "%s", "");
    } else if (err == ERR_OK && task->failing) {
        log_line(LOG_INFO, task->goes_on, NULL, "%s", "");
    }
    task->failing = failed || (task->failing && err != ERR_OK);
    counters_add(COUNTER_compaction_failures, failed);
    if (err != ERR_OK && compactor->pg != NULL &&
        (err == ERR_DB_UNREACHABLE || pg_run(compactor->pg, "rollback", &ignored) != ERR_OK)) {
        session_drop(&compactor->pg);
    }
}

static void count(const struct join_result *result) {
    counters_add(COUNTER_compacted_calls, result->calls);
    counters_add(COUNTER_compacted_points, result->points);
    counters_add(COUNTER_compacted_blocks, result->blocks_in);
    counters_add(COUNTER_joined_blocks, result->blocks_out);
}

static void join(struct compactor *compactor, const struct series *series) {
    struct why why = {""};
    struct join_result result = {0};
    const int64_t began_ns = clock_mono_ns();
    enum err err =
        session_ensure(compactor->settings->dsn, "tocsind compactor", &compactor->pg, &why);
    if (err == ERR_OK) {
        err = join_some(compactor->join, compactor->pg, series, &result, &why);
    }
    count(&result);
    note(compactor, &compactor->compaction, err, &why);
    rest_after(compactor, clock_mono_ns() - began_ns, compactor->settings->compaction_share);
}

static void read_backlog(struct compactor *compactor) {
    struct why why = {""};
    const int64_t began_ns = clock_mono_ns();
    enum err err =
        session_ensure(compactor->settings->dsn, "tocsind compactor", &compactor->pg, &why);
    if (err == ERR_OK) {
        err = backlog_read(compactor->pg, compactor->settings->compaction_quiet_s,
                           &compactor->backlog, &why);
    }
    if (err == ERR_OK) {
        counters_set(COUNTER_compaction_backlog, compactor->backlog.calls);
    } else {
        compactor->backlog.n = 0;
    }
    note(compactor, &compactor->compaction, err, &why);
    rest_after(compactor, clock_mono_ns() - began_ns, LOOKING_SHARE);
}

/* *out_more: there is more, and this was done. */
static void remove_some(struct compactor *compactor, bool *out_more) {
    struct why why = {""};
    const int64_t began_ns = clock_mono_ns();
    *out_more = false;
    enum err err =
        session_ensure(compactor->settings->dsn, "tocsind compactor", &compactor->pg, &why);
    if (err == ERR_OK) {
        err = retention_apply(compactor->pg, out_more, &why);
    }
    note(compactor, &compactor->retention, err, &why);
    rest_after(compactor, clock_mono_ns() - began_ns, compactor->settings->compaction_share);
}

/* Until it is time to look for blocks to be joined again. */
static void spend_interval(struct compactor *compactor) {
    const int64_t until_ns =
        clock_mono_ns() + compactor->settings->compaction_interval_ms * CLOCK_NS_PER_MS;
    bool more = true;
    while (more && !compactor->stopping && clock_mono_ns() < until_ns) {
        remove_some(compactor, &more);
    }
    const int64_t left_ns = until_ns - clock_mono_ns();
    if (!compactor->stopping && left_ns > 0) {
        rest(compactor, left_ns / CLOCK_NS_PER_MS);
    }
}

static void *run(void *context) {
    struct compactor *compactor = context;
    pthread_setname_np(pthread_self(), "compactor");
    while (!compactor->stopping) {
        read_backlog(compactor);
        for (size_t i = 0; i < compactor->backlog.n && !compactor->stopping; i++) {
            join(compactor, &compactor->backlog.series[i]);
        }
        spend_interval(compactor);
    }
    return NULL;
}

static void compactor_free(struct compactor *compactor) {
    session_drop(&compactor->pg);
    join_free(compactor->join);
    close(compactor->stop);
    free(compactor);
}

enum err compactor_start(const struct settings *settings, struct compactor **out, struct why *why) {
    if (settings->compaction_share == 0) {
        *out = NULL;
        return ERR_OK;
    }
    struct compactor *compactor = calloc(1, sizeof *compactor);
    if (!compactor) {
        abort();
    }
    compactor->settings = settings;
    compactor->compaction = (struct task){"compaction_failed", "compaction_goes_on", false};
    compactor->retention = (struct task){"retention_failed", "retention_goes_on", false};
    compactor->join = join_new();
    compactor->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (compactor->stop < 0) {
        abort();
    }
    if (pthread_create(&compactor->thread, NULL, run, compactor) != 0) {
        compactor_free(compactor);
        return why_set(why, ERR_MEMORY, "cannot start a thread; raise the limit of processes");
    }
    *out = compactor;
    return ERR_OK;
}

bool compactor_stop(struct compactor *compactor, int64_t deadline_ns) {
    const struct timespec deadline = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                      .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    const uint64_t one = 1;
    if (!compactor) {
        return true;
    }
    if (write(compactor->stop, &one, sizeof one) < 0 ||
        pthread_clockjoin_np(compactor->thread, NULL, CLOCK_MONOTONIC, &deadline) != 0) {
        return false;
    }
    compactor_free(compactor);
    return true;
}
