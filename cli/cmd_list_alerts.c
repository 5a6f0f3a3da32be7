/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli_sql.h"

/* The filters stand in the answer as they were given. */
static void print_head(struct json *json, const void *context) {
    static const char *const filters[] = {"project", "run", "level", "since"};
    const struct ctx *ctx = context;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        json_key(json, filters[i]);
        json_text(json, args_text(ctx->args, filters[i]));
    }
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return find_project(ctx);
}

static enum exit_code show(struct ctx *ctx, const char *run_id) {
    const struct args *args = ctx->args;
    const struct pg_param params[] = {
        db_text(args_text(args, "project")), db_text(run_id), db_text(args_text(args, "level")),
        db_text(args_text(args, "since")), db_text(args_text(args, "rank"))};
    const struct list list = {
        .key = "alerts",
        .wide = 6, /* attempt and what follows */
        .empty = "No alerts found.",
        .check = check,
        .head = print_head,
        .context = ctx,
    };
    const enum exit_code code = list_show(ctx, &list, sql_list_alerts, 5, params);
    return db_explain_time(ctx, code, "since");
}

enum exit_code cmd_list_alerts(struct ctx *ctx) {
    if (!args_given(ctx->args, "run")) {
        return show(ctx, NULL);
    }
    struct run run;
    enum exit_code code = find_run(ctx, &run);
    if (code == EXIT_OK) {
        code = show(ctx, run.id);
        find_run_free(&run);
    }
    return code;
}
