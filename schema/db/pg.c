/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/db/pg.h"

#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/db/dsn.h"
#include "schema/wire/clock.h"

#define SERVER_VERSION_MIN   150000
#define PREPARED_MAX         64
#define PARAMS_MAX           64
#define CONNECT_TIMEOUT_TEXT "5"
#define DSN_SHOWN_BYTES      256

struct pg {
    PGconn *conn;
    char sqlstate[PG_SQLSTATE_BYTES];
    char hint[256];
    const char *prepared[PREPARED_MAX]; /* names, borrowed: callers pass literals */
    int prepared_n;
};

/* Never allocated: a pg_rows is a PGresult under another name, so that callers need no libpq. */
static PGresult *result_of(const struct pg_rows *rows) {
    union {
        const struct pg_rows *rows;
        PGresult *result;
    } same = {.rows = rows};
    return same.result;
}

static struct pg_rows *rows_of(PGresult *result) {
    return (struct pg_rows *)result;
}

/* SQLSTATE by prefix, first match wins: what a caller should do about it. Read-only servers (25006)
 * and timeouts (57014) are content here: it is a person's statement that meets them and shows them.
 * A thread that stores what others sent must look at pg_sqlstate() before it blames the content. */
static const struct {
    const char *prefix;
    enum err err;
} states[] = {
    {"08", ERR_DB_UNREACHABLE},    {"22", ERR_DB_CONTENT},        {"23", ERR_DB_CONTENT},
    {"25006", ERR_DB_CONTENT},     {"25P03", ERR_DB_UNREACHABLE}, {"28", ERR_DB_PERMISSION},
    {"3D000", ERR_DB_UNREACHABLE}, {"40", ERR_DB_RETRY},          {"42501", ERR_DB_PERMISSION},
    {"53", ERR_DB_RETRY},          {"54", ERR_DB_CONTENT},        {"55P03", ERR_DB_RETRY},
    {"57014", ERR_DB_CONTENT},     {"57P", ERR_DB_UNREACHABLE},
};

static enum err err_of_state(const char *state) {
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0) {
            return states[i].err;
        }
    }
    return ERR_DB;
}

/* The first line of a libpq message, without its severity. */
static void one_line(const char *message, size_t size, char *out) {
    static const char *const prefixes[] = {"ERROR:  ", "FATAL:  "};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(message, prefixes[i], strlen(prefixes[i])) == 0) {
            message += strlen(prefixes[i]);
        }
    }
    snprintf(out, size, "%.*s", (int)strcspn(message, "\n"), message);
}

/* Why a result is an error; result NULL: why the connection is. */
static enum err failed(struct pg *pg, const PGresult *result, struct why *why) {
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message =
        result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *hint = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : NULL;
    snprintf(pg->sqlstate, sizeof pg->sqlstate, "%s", state != NULL ? state : "");
    snprintf(pg->hint, sizeof pg->hint, "%s", hint != NULL ? hint : "");
    char line[400];
    one_line(message != NULL ? message : PQerrorMessage(pg->conn), sizeof line, line);
    /* Good to libpq until it reads the end; but this is its own error, say of a failed write. */
    const bool own = state == NULL && PQresultStatus(result) == PGRES_FATAL_ERROR;
    if (own || PQstatus(pg->conn) != CONNECTION_OK) {
        return why_set(why, ERR_DB_UNREACHABLE, "connection to the database lost: %s", line);
    }
    return why_set(why, state != NULL ? err_of_state(state) : ERR_DB, "%s", line);
}

static void drop_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

static enum err connect_failed(PGconn *conn, const char *dsn, struct why *why) {
    char shown[DSN_SHOWN_BYTES];
    char line[200];
    const char *message = PQerrorMessage(conn);
    const char *fatal = strstr(message, "FATAL:  ");
    dsn_mask(dsn, sizeof shown, shown);
    one_line(fatal != NULL ? fatal : message, sizeof line, line);
    const bool refused = strstr(message, "authentication failed") != NULL ||
                         strstr(message, "no pg_hba.conf entry") != NULL ||
                         (fatal != NULL && strstr(fatal, "role \"") != NULL);
    return why_set(why, refused ? ERR_DB_PERMISSION : ERR_DB_UNREACHABLE,
                   "cannot connect to the database at \"%s\": %s", shown, line);
}

static PGconn *connect_with_defaults(const char *dsn, const char *application,
                                     const char *options) {
    /* Earlier keywords lose against the same ones inside dbname, so a DSN may set its own timeout;
     * later ones win. */
    const char *const keywords[] = {"connect_timeout", "dbname",  "fallback_application_name",
                                    "client_encoding", "options", NULL};
    const char *const values[] = {CONNECT_TIMEOUT_TEXT, dsn, application, "UTF8", options, NULL};
    return PQconnectdbParams(keywords, values, 1);
}

/* Takes conn. */
static enum err adopt(PGconn *conn, struct pg **out, struct why *why) {
    struct pg *pg = calloc(1, sizeof *pg);
    if (pg == NULL) {
        PQfinish(conn);
        return why_set(why, ERR_MEMORY, "out of memory");
    }
    pg->conn = conn;
    PQsetNoticeReceiver(conn, drop_notice, NULL);
    *out = pg;
    return ERR_OK;
}

enum err pg_open(const char *dsn, const char *application, struct pg **out, struct why *why) {
    char options[DSN_OPTIONS_BYTES_MAX];
    enum err err = dsn_options(dsn, sizeof options, options, why);
    if (err != ERR_OK) {
        return err;
    }
    PGconn *conn = connect_with_defaults(dsn, application, options);
    if (PQstatus(conn) != CONNECTION_OK) {
        err = connect_failed(conn, dsn, why);
        PQfinish(conn);
        return err;
    }
    const int version = PQserverVersion(conn);
    if (version < SERVER_VERSION_MIN) {
        PQfinish(conn);
        return why_set(why, ERR_DB_VERSION,
                       "the server is PostgreSQL %d; tocsin needs 15 or newer: upgrade the server",
                       version / 10000);
    }
    return adopt(conn, out, why);
}

void pg_close(struct pg *pg) {
    if (pg != NULL) {
        PQfinish(pg->conn);
        free(pg);
    }
}

const char *pg_sqlstate(const struct pg *pg) {
    return pg->sqlstate;
}

const char *pg_hint(const struct pg *pg) {
    return pg->hint;
}

int pg_socket(const struct pg *pg) {
    return PQsocket(pg->conn);
}

/* What the last statement left behind is not said of this one. */
static void forget(struct pg *pg) {
    pg->sqlstate[0] = '\0';
    pg->hint[0] = '\0';
}

/* Takes result: keeps it for the caller if it is good and wanted, else frees it. */
static enum err settle(struct pg *pg, PGresult *result, struct pg_rows **out_rows,
                       struct why *why) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        enum err err = failed(pg, result, why);
        PQclear(result);
        return err;
    }
    if (out_rows != NULL) {
        *out_rows = rows_of(result);
    } else {
        PQclear(result);
    }
    return ERR_OK;
}

enum err pg_run(struct pg *pg, const char *sql, struct why *why) {
    forget(pg);
    return settle(pg, PQexec(pg->conn, sql), NULL, why);
}

/* Takes all that have come. */
static bool take_notifications(struct pg *pg) {
    bool any = false;
    PGnotify *notification;
    while ((notification = PQnotifies(pg->conn)) != NULL) {
        any = true;
        PQfreemem(notification);
    }
    return any;
}

enum err pg_wait(struct pg *pg, int64_t until_ns, bool *out_notified, struct why *why) {
    forget(pg);
    for (;;) {
        if (PQconsumeInput(pg->conn) != 1) {
            return failed(pg, NULL, why);
        }
        const int64_t left_ns = until_ns - clock_mono_ns();
        const bool notified = take_notifications(pg);
        if (notified || left_ns <= 0) {
            *out_notified = notified;
            return ERR_OK;
        }
        const int64_t left_ms = left_ns / CLOCK_NS_PER_MS + 1;
        struct pollfd source = {.fd = PQsocket(pg->conn), .events = POLLIN};
        poll(&source, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
    }
}

/* Parameters in the parallel arrays that libpq takes. */
struct arrays {
    Oid oids[PARAMS_MAX];
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
};

static enum err arrays_fill(int n, const struct pg_param *params, struct arrays *out,
                            struct why *why) {
    if (n > PARAMS_MAX) {
        return why_set(why, ERR_TOO_LONG, "a statement with %d parameters; at most %d", n,
                       PARAMS_MAX);
    }
    for (int i = 0; i < n; i++) {
        out->oids[i] = params[i].oid;
        out->values[i] = params[i].ptr;
        out->lengths[i] = params[i].len;
        out->formats[i] = params[i].binary;
    }
    return ERR_OK;
}

enum err pg_query(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                  struct pg_rows **out_rows, struct why *why) {
    forget(pg);
    struct arrays a;
    enum err err = arrays_fill(n, params, &a, why);
    if (err != ERR_OK) {
        return err;
    }
    PGresult *result = PQexecParams(pg->conn, sql, n, a.oids, a.values, a.lengths, a.formats, 0);
    return settle(pg, result, out_rows, why);
}

static bool is_prepared(const struct pg *pg, const char *name) {
    for (int i = 0; i < pg->prepared_n; i++) {
        if (strcmp(pg->prepared[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum err prepare_once(struct pg *pg, const char *name, const char *sql, int n,
                             const struct arrays *a, struct why *why) {
    if (is_prepared(pg, name)) {
        return ERR_OK;
    }
    if (pg->prepared_n == PREPARED_MAX) {
        return why_set(why, ERR_TOO_LONG, "more than %d prepared statements", PREPARED_MAX);
    }
    enum err err = settle(pg, PQprepare(pg->conn, name, sql, n, a->oids), NULL, why);
    if (err == ERR_OK) {
        pg->prepared[pg->prepared_n++] = name;
    }
    return err;
}

enum err pg_prepared(struct pg *pg, const char *name, const char *sql, int n,
                     const struct pg_param *params, struct pg_rows **out_rows, struct why *why) {
    forget(pg);
    struct arrays a;
    enum err err = arrays_fill(n, params, &a, why);
    if (err == ERR_OK) {
        err = prepare_once(pg, name, sql, n, &a, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    PGresult *result = PQexecPrepared(pg->conn, name, n, a.values, a.lengths, a.formats, 0);
    return settle(pg, result, out_rows, why);
}

/* Asks the server to stop sending: a reader that has seen enough must not fetch millions of rows
 * only to throw them away. */
static void cancel(struct pg *pg) {
    PGcancel *handle = PQgetCancel(pg->conn);
    char ignored[128];
    if (handle != NULL) {
        PQcancel(handle, ignored, sizeof ignored);
        PQfreeCancel(handle);
    }
}

/* A statement that began a COPY would wait for its data for ever: ends it and discards it. */
static void leave_copy(struct pg *pg, ExecStatusType status) {
    char *data = NULL;
    if (status != PGRES_COPY_OUT && PQputCopyEnd(pg->conn, "no data here") != 1) {
        return; /* the connection is gone */
    }
    if (status == PGRES_COPY_OUT) {
        cancel(pg);
        while (PQgetCopyData(pg->conn, &data, 0) > 0) {
            PQfreemem(data);
        }
    }
}

static enum err drain(struct pg *pg, pg_each_fn *each, void *context, struct why *why) {
    enum err err = ERR_OK;
    bool wanted = true;
    PGresult *result;
    while ((result = PQgetResult(pg->conn)) != NULL) {
        const ExecStatusType status = PQresultStatus(result);
        const bool good =
            status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
        if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) {
            err = why_set(why, ERR_DB_CONTENT, "COPY does not return rows");
            wanted = false;
            leave_copy(pg, status);
        } else if (!good && wanted && err == ERR_OK) {
            err = failed(pg, result, why);
        } else if (good && wanted && !each(context, rows_of(result))) {
            wanted = false;
            cancel(pg);
        }
        PQclear(result);
    }
    return err;
}

/* Its rows come one by one. */
static enum err send_query(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                           bool binary, struct why *why) {
    forget(pg);
    struct arrays a;
    enum err err = arrays_fill(n, params, &a, why);
    if (err != ERR_OK) {
        return err;
    }
    if (!PQsendQueryParams(pg->conn, sql, n, a.oids, a.values, a.lengths, a.formats, binary)) {
        return failed(pg, NULL, why);
    }
    PQsetSingleRowMode(pg->conn);
    return ERR_OK;
}

enum err pg_stream(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                   pg_each_fn *each, void *context, struct why *why) {
    const enum err err = send_query(pg, sql, n, params, false, why);
    return err == ERR_OK ? drain(pg, each, context, why) : err;
}

enum err pg_stream_binary(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                          pg_each_fn *each, void *context, struct why *why) {
    const enum err err = send_query(pg, sql, n, params, true, why);
    return err == ERR_OK ? drain(pg, each, context, why) : err;
}

void pg_rows_free(struct pg_rows *rows) {
    PQclear(result_of(rows));
}

int pg_rows_n(const struct pg_rows *rows) {
    return PQntuples(result_of(rows));
}

int pg_columns_n(const struct pg_rows *rows) {
    return PQnfields(result_of(rows));
}

int64_t pg_affected(const struct pg_rows *rows) {
    return strtoll(PQcmdTuples(result_of(rows)), NULL, 10);
}

const char *pg_column_name(const struct pg_rows *rows, int column) {
    return PQfname(result_of(rows), column);
}

uint32_t pg_column_oid(const struct pg_rows *rows, int column) {
    return PQftype(result_of(rows), column);
}

const char *pg_text(const struct pg_rows *rows, int row, int column) {
    const PGresult *result = result_of(rows);
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

const uint8_t *pg_bytes(const struct pg_rows *rows, int row, int column, size_t *out_len) {
    const PGresult *result = result_of(rows);
    if (PQgetisnull(result, row, column)) {
        return NULL;
    }
    *out_len = (size_t)PQgetlength(result, row, column);
    return (const uint8_t *)PQgetvalue(result, row, column);
}

int64_t pg_int(const struct pg_rows *rows, int row, int column) {
    const char *text = pg_text(rows, row, column);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

enum err pg_copy_begin(struct pg *pg, const char *sql, struct why *why) {
    forget(pg);
    PGresult *result = PQexec(pg->conn, sql);
    enum err err = PQresultStatus(result) == PGRES_COPY_IN ? ERR_OK : failed(pg, result, why);
    PQclear(result);
    return err;
}

enum err pg_copy_put(struct pg *pg, const void *bytes, size_t len, struct why *why) {
    const char *at = bytes;
    while (len > 0) {
        const int part = len > INT32_MAX ? INT32_MAX : (int)len;
        if (PQputCopyData(pg->conn, at, part) != 1) {
            return failed(pg, NULL, why);
        }
        at += part;
        len -= (size_t)part;
    }
    return ERR_OK;
}

enum err pg_copy_end(struct pg *pg, struct why *why) {
    if (PQputCopyEnd(pg->conn, NULL) != 1) {
        return failed(pg, NULL, why);
    }
    enum err err = ERR_OK;
    PGresult *result;
    while ((result = PQgetResult(pg->conn)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && err == ERR_OK) {
            err = failed(pg, result, why);
        }
        PQclear(result);
    }
    return err;
}
