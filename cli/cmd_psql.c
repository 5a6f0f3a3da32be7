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

enum exit_code cmd_psql(struct ctx *ctx) {
    char role[32];
    char dsn[DSN_BYTES_MAX];
    char program[] = "psql";
    char *argv[ARGUMENTS_MAX + 3] = {program, dsn};
    bool private;
    struct why why = {""};
    if (ctx->args->rest_n > ARGUMENTS_MAX) {
        return ctx_fail(ctx, EXIT_USAGE, "at most %d arguments for psql", ARGUMENTS_MAX);
    }
    snprintf(role, sizeof role, "tocsin_%s", args_text(ctx->args, "role"));
    const enum err err = dsn_resolve(ctx->dsn, role, sizeof dsn, dsn, &private, &why);
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    for (int i = 0; i < ctx->args->rest_n; i++) {
        argv[i + 2] = ctx->args->rest[i];
    }
    /* The roles of another server have no settings of ours. */
    setenv("PGOPTIONS", "-c search_path=tocsin,pg_catalog", 0);
    execvp(program, argv);
    return ctx_fail(ctx, EXIT_INTERNAL, "cannot run psql: %s; install postgresql-client",
                    strerror(errno));
}
