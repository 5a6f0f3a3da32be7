/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "cli/who.h"
#include "cli_sql.h"

enum { COLUMN_ID, COLUMN_ENDS };

/* *out_run: its id is NULL without --run. */
static enum exit_code find_scope(struct ctx *ctx, struct run *out_run) {
    if (args_given(ctx->args, "run")) {
        return args_given(ctx->args, "project")
                   ? find_run(ctx, out_run)
                   : ctx_fail(ctx, EXIT_USAGE, "--run needs --project, of which it is a run.");
    }
    return args_given(ctx->args, "project") ? find_project(ctx) : EXIT_OK;
}

static void print(const struct ctx *ctx, const struct pg_rows *rows) {
    char ends[ROWS_TIME_BYTES];
    rows_time(pg_text(rows, 0, COLUMN_ENDS), ends);
    if (!ctx->json) {
        ctx_note("Silence %s until %s. To end it: tocsin silence remove %s",
                 pg_text(rows, 0, COLUMN_ID), ends, pg_text(rows, 0, COLUMN_ID));
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, pg_text(rows, 0, COLUMN_ID));
    json_key(&json, "ends");
    json_text(&json, ends);
    ctx_json_close(&json);
}

static enum exit_code add(struct ctx *ctx, const struct run *run) {
    const struct args *args = ctx->args;
    char who[WIRE_NAME_BYTES_MAX + 1];
    char seconds[24];
    who_find(who);
    snprintf(seconds, sizeof seconds, "%lld", (long long)args_int(args, "for"));
    const struct pg_param params[] = {db_text(args_text(args, "project")),
                                      db_text(run->id),
                                      db_text(args_text(args, "max-level")),
                                      db_text(args_text(args, "title")),
                                      db_text(seconds),
                                      db_text(args_text(args, "comment")),
                                      db_text(who)};
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_add_silence, 7, params, &rows);
    if (code == EXIT_OK) {
        print(ctx, rows);
        pg_rows_free(rows);
    }
    return code;
}

enum exit_code cmd_silence_add(struct ctx *ctx) {
    struct run run = {.id = NULL};
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = find_scope(ctx, &run);
    }
    if (code == EXIT_OK) {
        code = add(ctx, &run);
        find_run_free(&run);
    }
    return code;
}
