/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_DB_PG_H
#define SCHEMA_DB_PG_H

/* libpq behind one door: connect, run a statement with parameters, COPY in, and the translation of
 * SQLSTATE into enum err. One connection belongs to one thread. Calls block until the server
 * answers. Every connection has search_path = tocsin, UTC and ISO dates.
 *
 * After ERR_DB_UNREACHABLE the connection is dead: close and open a new one. Everything else
 * leaves it usable (inside a transaction: after ROLLBACK).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/err.h"

struct pg;      /* a connection */
struct pg_rows; /* a result, owned by whoever got it: free with pg_rows_free() */

#define PG_SQLSTATE_BYTES 6
/* SQLSTATE of the last statement if it failed and the server said why, else "" (borrows). */
const char *pg_sqlstate(const struct pg *pg);
/* PostgreSQL's hint about it, "" if it gave none (never NULL; borrows; cut to size). */
const char *pg_hint(const struct pg *pg);

/* dsn: a libpq connection string or URI. application: shown in pg_stat_activity.
 * Errors: ERR_DB_UNREACHABLE (why names the DSN with its password masked), ERR_DB_VERSION
 * (server older than 15), ERR_CONFIG (malformed DSN), ERR_DB_PERMISSION (login refused). */
enum err pg_open(const char *dsn, const char *application, struct pg **out,
                 struct why *why) ERR_MUST_CHECK;
void pg_close(struct pg *pg); /* NULL is fine */
/* Socket of the connection, for polling next to LISTEN. */
int pg_socket(const struct pg *pg);

/* After LISTEN: waits until somebody notifies, or until_ns (monotonic) has passed. A notification
 * is a hint that something may have happened, never a proof that nothing did. out_notified: false
 * if the time is over. Errors: ERR_DB_UNREACHABLE. */
enum err pg_wait(struct pg *pg, int64_t until_ns, bool *out_notified,
                 struct why *why) ERR_MUST_CHECK;

/* One statement parameter. Text form; ptr NULL is SQL NULL. Binary parameters (bytea, arrays
 * prepared by the caller) set binary and oid. borrows until the call returns. */
struct pg_param {
    const char *ptr;
    int len; /* bytes, used when binary; text is NUL-terminated */
    bool binary;
    uint32_t oid; /* 0: the server infers it */
};

/* Runs SQL without parameters and without result rows; several statements may be in it. */
enum err pg_run(struct pg *pg, const char *sql, struct why *why) ERR_MUST_CHECK;
/* Runs exactly one statement. out_rows may be NULL when nobody wants them. pg_affected() of the
 * rows tells how many rows were inserted, updated or selected. */
enum err pg_query(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                  struct pg_rows **out_rows, struct why *why) ERR_MUST_CHECK;
/* The same through a server-side prepared statement, prepared at its first use on this
 * connection. name: unique per sql text, at most 63 bytes; borrowed for the connection's life, so
 * callers pass a literal. */
enum err pg_prepared(struct pg *pg, const char *name, const char *sql, int n,
                     const struct pg_param *params, struct pg_rows **out_rows,
                     struct why *why) ERR_MUST_CHECK;

/* Row-wise reading of a statement whose result may be large: rows arrive in chunks of one.
 * each() returns false to stop (the rest is discarded). */
typedef bool pg_each_fn(void *context, const struct pg_rows *row);
enum err pg_stream(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                   pg_each_fn *each, void *context, struct why *why) ERR_MUST_CHECK;
/* The same with fields in PostgreSQL's binary form, for pg_bytes(): a tenth of the work where
 * millions of numbers come in arrays. */
enum err pg_stream_binary(struct pg *pg, const char *sql, int n, const struct pg_param *params,
                          pg_each_fn *each, void *context, struct why *why) ERR_MUST_CHECK;

void pg_rows_free(struct pg_rows *rows); /* NULL is fine */
int pg_rows_n(const struct pg_rows *rows);
int pg_columns_n(const struct pg_rows *rows);
int64_t pg_affected(const struct pg_rows *rows);
const char *pg_column_name(const struct pg_rows *rows, int column);
uint32_t pg_column_oid(const struct pg_rows *rows, int column);
/* Text of a field, NULL for SQL NULL; borrows until the rows are freed. */
const char *pg_text(const struct pg_rows *rows, int row, int column);
/* Bytes of a binary field, NULL for SQL NULL; borrows until the rows are freed. */
const uint8_t *pg_bytes(const struct pg_rows *rows, int row, int column, size_t *out_len);
/* The field as a number; 0 for SQL NULL. Only for columns of an integer type. */
int64_t pg_int(const struct pg_rows *rows, int row, int column);

/* COPY ... FROM STDIN (FORMAT binary) inside an open transaction: begin, any number of puts, end.
 * After an error the transaction is over: ROLLBACK. */
enum err pg_copy_begin(struct pg *pg, const char *sql, struct why *why) ERR_MUST_CHECK;
enum err pg_copy_put(struct pg *pg, const void *bytes, size_t len, struct why *why) ERR_MUST_CHECK;
enum err pg_copy_end(struct pg *pg, struct why *why) ERR_MUST_CHECK;

/* Type OIDs that callers need; fixed numbers of PostgreSQL's catalogue (pg_type.dat). */
enum pg_oid {
    PG_OID_BOOL = 16,
    PG_OID_INT8 = 20,
    PG_OID_INT2 = 21,
    PG_OID_INT4 = 23,
    PG_OID_JSON = 114,
    PG_OID_FLOAT4 = 700,
    PG_OID_FLOAT8 = 701,
    PG_OID_INT8_ARRAY = 1016,
    PG_OID_FLOAT8_ARRAY = 1022,
    PG_OID_TIMESTAMPTZ = 1184,
    PG_OID_TIMESTAMPTZ_ARRAY = 1185,
    PG_OID_NUMERIC = 1700,
    PG_OID_JSONB = 3802,
};

#endif
