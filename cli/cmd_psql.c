/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "schema/db/dsn.h"

#define ARGUMENTS_MAX 64

/* Connects once before psql does: its own complaint has no remedy. */
static enum err check(const char *dsn, struct why *why) {
    struct pg *pg;
    enum err err = pg_open(dsn, "tocsin psql", &pg, why);
    if (err == ERR_OK) {
        pg_close(pg);
        err = dsn_export(dsn, why);
    }
    return err;
}

enum exit_code cmd_psql(struct ctx *ctx) {
    char role[32];
    char dsn[DSN_BYTES_MAX];
    char program[] = "psql";
    char *argv[ARGUMENTS_MAX + 2] = {program};
    struct why why = {""};
    if (ctx->args->rest_n > ARGUMENTS_MAX) {
        return ctx_fail(ctx, EXIT_USAGE, "at most %d arguments for psql", ARGUMENTS_MAX);
    }
    snprintf(role, sizeof role, "tocsin_%s", args_text(ctx->args, "role"));
    enum err err = dsn_resolve(ctx->dsn, role, sizeof dsn, dsn, &ctx->private, &why);
    if (err == ERR_OK) {
        err = check(dsn, &why);
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    for (int i = 0; i < ctx->args->rest_n; i++) {
        argv[i + 1] = ctx->args->rest[i];
    }
    /* The roles of another server have no settings of ours. */
    setenv("PGOPTIONS", "-c search_path=tocsin,pg_catalog", 0);
    execvp(program, argv);
    return ctx_fail(ctx, EXIT_INTERNAL, "cannot run psql: %s; install postgresql-client",
                    strerror(errno));
}
