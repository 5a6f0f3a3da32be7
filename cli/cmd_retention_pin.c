/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli_sql.h"

static void print(const struct ctx *ctx, const struct run *run, bool pinned) {
    if (!ctx->json) {
        ctx_note("Run '%s' (%s) is %s.", run->name, run->id, pinned ? "pinned" : "not pinned");
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "project");
    json_text(&json, args_text(ctx->args, "project"));
    json_key(&json, "run");
    json_text(&json, run->name);
    json_key(&json, "run_id");
    json_text(&json, run->id);
    json_key(&json, "pinned");
    json_bool(&json, pinned);
    ctx_json_close(&json);
}

static enum exit_code pin(struct ctx *ctx, const struct run *run, bool pinned) {
    const struct pg_param params[] = {db_text(run->id), db_text(pinned ? "true" : "false")};
    struct pg_rows *rows = NULL;
    enum exit_code code = db_query(ctx, sql_pin_run, 2, params, &rows);
    if (code == EXIT_OK && pg_rows_n(rows) == 0) {
        code = ctx_fail(ctx, EXIT_NOT_FOUND, "Run '%s' was deleted meanwhile.", run->name);
    } else if (code == EXIT_OK) {
        print(ctx, run, pinned);
    }
    pg_rows_free(rows);
    return code;
}

static enum exit_code pin_found(struct ctx *ctx, bool pinned) {
    struct run run;
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = find_run(ctx, &run);
    }
    if (code == EXIT_OK) {
        code = pin(ctx, &run, pinned);
        find_run_free(&run);
    }
    return code;
}

enum exit_code cmd_retention_pin(struct ctx *ctx) {
    return pin_found(ctx, true);
}

enum exit_code cmd_retention_unpin(struct ctx *ctx) {
    return pin_found(ctx, false);
}
