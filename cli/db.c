/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/db.h"

#include <string.h>

#include "schema/db/dsn.h"
#include "schema/db/migrate.h"

static const struct {
    enum err err;
    enum exit_code code;
} codes[] = {
    {ERR_DB_UNREACHABLE, EXIT_UNREACHABLE}, {ERR_DB_RETRY, EXIT_UNREACHABLE},
    {ERR_DB_PERMISSION, EXIT_AUTH},         {ERR_CONFIG, EXIT_USAGE},
    {ERR_DB_CONTENT, EXIT_USAGE},
};

struct pg_param db_text(const char *text) {
    return (struct pg_param){.ptr = text};
}

enum exit_code db_fail(struct ctx *ctx, enum err err, const struct why *why) {
    enum exit_code code = EXIT_INTERNAL;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].err == err) {
            code = codes[i].code;
        }
    }
    const bool away = err == ERR_DB_UNREACHABLE && ctx->private;
    ctx_fail(ctx, code, "%s", why->text);
    return away ? ctx_hint(ctx, code, "Run: tocsin up") : code;
}

static enum exit_code open_as(struct ctx *ctx, const char *role) {
    if (ctx->pg != NULL) {
        return EXIT_OK;
    }
    struct why why = {""};
    char dsn[DSN_BYTES_MAX];
    enum err err = dsn_resolve(ctx->dsn, role, sizeof dsn, dsn, &ctx->private, &why);
    if (err == ERR_OK) {
        err = pg_open(dsn, "tocsin", &ctx->pg, &why);
    }
    return err == ERR_OK ? EXIT_OK : db_fail(ctx, err, &why);
}

enum exit_code db_open(struct ctx *ctx) {
    return open_as(ctx, "tocsin_reader");
}

enum exit_code db_open_owner(struct ctx *ctx) {
    return open_as(ctx, "postgres"); /* who made the private cluster, and may make roles */
}

enum exit_code db_become_owner(struct ctx *ctx) {
    struct why why = {""};
    const enum exit_code code = db_open_owner(ctx);
    if (code != EXIT_OK || pg_run(ctx->pg, "set role tocsin_owner", &why) == ERR_OK) {
        return code;
    }
    return ctx_fail(ctx, EXIT_AUTH,
                    "This needs a database user who may act as tocsin_owner, as tocsin migrate "
                    "does; give another --dsn, or run tocsin migrate first.");
}

/* Statements fail like this when the schema is missing or of another version. Asking only then
 * saves every good command a round trip. */
static bool may_be_schema(const char *sqlstate) {
    static const char *const states[] = {"42P01", "3F000", "42501", "42703", "42883"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(states[i], sqlstate) == 0) {
            return true;
        }
    }
    return false;
}

static enum exit_code statement_failed(struct ctx *ctx, enum err err, const struct why *why) {
    struct why schema = {""};
    /* A transaction that failed would refuse the question. */
    if (may_be_schema(pg_sqlstate(ctx->pg)) && pg_run(ctx->pg, "rollback", &schema) == ERR_OK &&
        migrate_verify(ctx->pg, &schema) == ERR_DB_SCHEMA) {
        return db_fail(ctx, ERR_DB_SCHEMA, &schema);
    }
    return db_fail(ctx, err, why);
}

enum exit_code db_query(struct ctx *ctx, const char *sql, int n, const struct pg_param *params,
                        struct pg_rows **out_rows) {
    struct why why = {""};
    const enum exit_code code = db_open(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const enum err err = pg_query(ctx->pg, sql, n, params, out_rows, &why);
    return err == ERR_OK ? EXIT_OK : statement_failed(ctx, err, &why);
}

enum exit_code db_stream(struct ctx *ctx, const char *sql, int n, const struct pg_param *params,
                         pg_each_fn *each, void *context) {
    struct why why = {""};
    const enum exit_code code = db_open(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const enum err err = pg_stream(ctx->pg, sql, n, params, each, context, &why);
    return err == ERR_OK ? EXIT_OK : statement_failed(ctx, err, &why);
}

enum exit_code db_stream_binary(struct ctx *ctx, const char *sql, int n,
                                const struct pg_param *params, pg_each_fn *each, void *context) {
    struct why why = {""};
    const enum exit_code code = db_open(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const enum err err = pg_stream_binary(ctx->pg, sql, n, params, each, context, &why);
    return err == ERR_OK ? EXIT_OK : statement_failed(ctx, err, &why);
}

enum exit_code db_snapshot(struct ctx *ctx) {
    struct why why = {""};
    const enum exit_code code = db_open(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    /* Compiling a statement takes longer than it could save: what costs is to unpack blocks. */
    const enum err err = pg_run(ctx->pg,
                                "begin isolation level repeatable read, read only; "
                                "set local jit = off",
                                &why);
    return err == ERR_OK ? EXIT_OK : db_fail(ctx, err, &why);
}

enum exit_code db_explain_time(struct ctx *ctx, enum exit_code code, const char *option) {
    static const char *const states[] = {"22007", "22008", "22009"};
    for (size_t i = 0; code != EXIT_OK && i < sizeof states / sizeof *states; i++) {
        if (ctx->pg != NULL && strcmp(pg_sqlstate(ctx->pg), states[i]) == 0) {
            return ctx_fail(ctx, EXIT_USAGE,
                            "--%s is a time like 2026-11-23T12:30:30Z (UTC where it has no zone), "
                            "not '%s'.",
                            option, args_text(ctx->args, option));
        }
    }
    return code;
}
