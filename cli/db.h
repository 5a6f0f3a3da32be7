/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DB_H
#define CLI_DB_H

/* The database as commands see it: the connection opens at the first statement and main closes it;
 * whatever goes wrong becomes an exit code and the sentence in ctx. Everything reads as
 * tocsin_reader unless the DSN names somebody else. */

#include "cli/command.h"
#include "cli/ctx.h"
#include "schema/db/pg.h"

/* A text parameter; NULL is SQL NULL. Borrows. */
struct pg_param db_text(const char *text);

/* Opens the connection now, as every statement does. */
enum exit_code db_open(struct ctx *ctx);
/* Opens it as the one who may change the schema, if no DSN is given. */
enum exit_code db_open_owner(struct ctx *ctx);
/* The same, and then acts as tocsin_owner, whatever the user of the DSN is called. */
enum exit_code db_become_owner(struct ctx *ctx);
/* Runs one statement. out_rows: freed by the caller with pg_rows_free(). */
enum exit_code db_query(struct ctx *ctx, const char *sql, int n, const struct pg_param *params,
                        struct pg_rows **out_rows);
/* Runs one statement, row by row; see pg_stream(). */
enum exit_code db_stream(struct ctx *ctx, const char *sql, int n, const struct pg_param *params,
                         pg_each_fn *each, void *context);
/* The same with fields in binary form; see pg_stream_binary(). */
enum exit_code db_stream_binary(struct ctx *ctx, const char *sql, int n,
                                const struct pg_param *params, pg_each_fn *each, void *context);
/* From here on all statements see the same rows: a read-only transaction, which ends with the
 * connection. */
enum exit_code db_snapshot(struct ctx *ctx);
/* Passes code on; but if the statement failed because a time could not be read, says how the option
 * is written. */
enum exit_code db_explain_time(struct ctx *ctx, enum exit_code code, const char *option);
/* What an error of the database side means for the user. */
enum exit_code db_fail(struct ctx *ctx, enum err err, const struct why *why);

#endif
