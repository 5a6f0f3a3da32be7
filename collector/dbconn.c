/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/dbconn.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/counters.h"
#include "collector/log.h"
#include "collector_sql.h"
#include "schema/db/migrate.h"
#include "schema/wire/clock.h"

#define RETRY_MIN_MS INT64_C(50)
#define PROBE_NS     (2 * CLOCK_NS_PER_S)

struct dbconn {
    struct pg *pg;
    const char *dsn;
    int64_t retry_max_ms;
    int64_t pause_ms; /* of the next attempt */
    int wake;         /* eventfd: cuts a pause short */
    bool opened_before;
    atomic_bool up;
    _Atomic int64_t give_up_ns;
    _Atomic int64_t worked_ns;
};

struct dbconn *dbconn_new(const char *dsn, int64_t retry_max_ms) {
    struct dbconn *conn = calloc(1, sizeof *conn);
    if (!conn) {
        abort();
    }
    conn->dsn = dsn;
    conn->retry_max_ms = retry_max_ms;
    conn->pause_ms = RETRY_MIN_MS;
    conn->give_up_ns = INT64_MAX;
    conn->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (conn->wake < 0) {
        abort();
    }
    return conn;
}

static void set_up(struct dbconn *conn, bool up) {
    atomic_store(&conn->up, up);
    counters_set(COUNTER_db_up, up);
}

static void drop(struct dbconn *conn) {
    pg_close(conn->pg);
    conn->pg = NULL;
    set_up(conn, false);
}

void dbconn_free(struct dbconn *conn) {
    if (conn) {
        drop(conn);
        close(conn->wake);
        free(conn);
    }
}

/* A server that vanished without a word must not hold the writer for the kernel's quarter of an
 * hour. On a unix socket these fail, which is as well. */
static void bound_silence(int fd) {
    const int idle_s = 10;
    const int interval_s = 5;
    const int unanswered = 3;
    const unsigned int unacknowledged_ms = 20000;
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &unanswered, sizeof unanswered);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

static enum err take_role(struct pg *pg, struct why *why) {
    const enum err err = pg_run(pg, "set role tocsin_collector", why);
    return err == ERR_OK || err_class_of(err) == ERR_CLASS_RETRY
               ? err
               : why_set(why, ERR_DB_PERMISSION,
                         "the database user may not act as tocsin_collector; as an administrator "
                         "run: grant tocsin_collector to <user>");
}

/* Each in a round trip of its own: SET refuses to share a statement with others when prepared, and
 * the first one fails on its own terms. */
static enum err prepare_session(struct pg *pg, struct why *why) {
    enum err err = migrate_verify(pg, why);
    if (err == ERR_OK) {
        err = take_role(pg, why);
    }
    return err == ERR_OK ? pg_run(pg, sql_set_session, why) : err;
}

enum err dbconn_open(struct dbconn *conn, struct why *why) {
    drop(conn);
    struct pg *pg = NULL;
    enum err err = pg_open(conn->dsn, "tocsind", &pg, why);
    if (err != ERR_OK) {
        return err;
    }
    bound_silence(pg_socket(pg));
    err = prepare_session(pg, why);
    if (err != ERR_OK) {
        pg_close(pg);
        return err;
    }
    counters_add(COUNTER_reconnects, conn->opened_before);
    conn->opened_before = true;
    conn->pg = pg;
    set_up(conn, true);
    return ERR_OK;
}

/* The writer's view of codes that say nothing about the content: a timeout of its own statement,
 * and a server that takes no writes: a standby, or what was the primary before a failover. The next
 * connection may find one that does. */
static enum err classify(const struct pg *pg, enum err err) {
    static const struct {
        const char *state;
        enum err err;
    } rows[] = {{"57014", ERR_DB_RETRY}, {"25006", ERR_DB_UNREACHABLE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (err == ERR_DB_CONTENT && strcmp(pg_sqlstate(pg), rows[i].state) == 0) {
            return rows[i].err;
        }
    }
    return err;
}

static void leave_transaction(struct dbconn *conn) {
    struct why ignored;
    if (pg_run(conn->pg, "rollback", &ignored) != ERR_OK) {
        drop(conn);
    }
}

static enum err attempt(struct dbconn *conn, dbconn_step_fn *step, void *context, struct why *why) {
    enum err err = conn->pg ? ERR_OK : dbconn_open(conn, why);
    if (err != ERR_OK) {
        return err;
    }
    err = step(conn->pg, context, why);
    if (err == ERR_OK) {
        atomic_store(&conn->worked_ns, clock_mono_ns());
        return ERR_OK;
    }
    err = classify(conn->pg, err);
    if (err == ERR_DB_UNREACHABLE) {
        drop(conn);
    } else {
        leave_transaction(conn);
    }
    return err;
}

/* Half of the pause is random, so that several collectors do not return in step. */
static int64_t next_pause_ms(struct dbconn *conn) {
    uint32_t random = 0;
    const ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);
    const int64_t whole = conn->pause_ms;
    conn->pause_ms = whole * 2 < conn->retry_max_ms ? whole * 2 : conn->retry_max_ms;
    return whole / 2 + (got == sizeof random ? random : 0) % (whole / 2 + 1);
}

static void pause_for(struct dbconn *conn, int64_t ms) {
    const int64_t left_ms = (conn->give_up_ns - clock_mono_ns()) / CLOCK_NS_PER_MS;
    struct pollfd wake = {.fd = conn->wake, .events = POLLIN};
    const int64_t wait_ms = ms < left_ms ? ms : left_ms;
    uint64_t ignored;
    if (poll(&wake, 1, wait_ms < 0 ? 0 : (int)wait_ms) == 1 &&
        read(conn->wake, &ignored, sizeof ignored) < 0) {
        return;
    }
}

enum err dbconn_run(struct dbconn *conn, dbconn_step_fn *step, void *context, struct why *why) {
    while (clock_mono_ns() < conn->give_up_ns) {
        const enum err err = attempt(conn, step, context, why);
        if (err != ERR_DB_RETRY && err != ERR_DB_UNREACHABLE) {
            conn->pause_ms = RETRY_MIN_MS;
            return err;
        }
        const int64_t ms = next_pause_ms(conn);
        counters_add(COUNTER_replays, 1);
        log_line(LOG_WARN, err == ERR_DB_RETRY ? "transaction_replayed" : "database_unreachable",
                 why->text, "retry_ms=%" PRId64, ms);
        pause_for(conn, ms);
    }
    return why_set(why, ERR_DB_UNREACHABLE, "the time to stop has come");
}

/* A server that answers and takes no writes is as good as none. */
static enum err probe(struct pg *pg, void *context, struct why *why) {
    struct pg_rows *rows = NULL;
    (void)context;
    enum err err = pg_query(pg, "show transaction_read_only", 0, NULL, &rows, why);
    if (err == ERR_OK && pg_text(rows, 0, 0)[1] == 'n') {
        err = why_set(why, ERR_DB_UNREACHABLE, "the server takes no writes");
    }
    pg_rows_free(rows);
    return err;
}

enum err dbconn_probe(struct dbconn *conn, struct why *why) {
    const bool fresh = clock_mono_ns() - conn->worked_ns < PROBE_NS;
    return fresh ? ERR_OK : dbconn_run(conn, probe, NULL, why);
}

void dbconn_give_up(struct dbconn *conn, int64_t deadline_ns) {
    const uint64_t one = 1;
    atomic_store(&conn->give_up_ns, deadline_ns);
    if (write(conn->wake, &one, sizeof one) < 0) {
        return; /* full: a wake-up is pending */
    }
}

int64_t dbconn_worked_ns(const struct dbconn *conn) {
    return atomic_load(&conn->worked_ns);
}

bool dbconn_is_up(const struct dbconn *conn) {
    return atomic_load(&conn->up);
}
