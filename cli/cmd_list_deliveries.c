/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli_sql.h"

/* The filters stand in the answer as they were given. */
static void print_head(struct json *json, const void *context) {
    static const char *const filters[] = {"project", "run", "alert", "state"};
    const struct ctx *ctx = context;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        json_key(json, filters[i]);
        json_text(json, args_text(ctx->args, filters[i]));
    }
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return args_given(ctx->args, "project") ? find_project(ctx) : EXIT_OK;
}

static enum exit_code show(struct ctx *ctx, const char *run_id) {
    const struct args *args = ctx->args;
    char limit[LIST_LIMIT_BYTES];
    const struct pg_param params[] = {db_text(args_text(args, "project")), db_text(run_id),
                                      db_text(args_text(args, "alert")),
                                      db_text(args_text(args, "state")), list_limit(ctx, limit)};
    const struct list list = {
        .key = "deliveries",
        .wide = 7, /* next_try and what follows */
        .limit = args_int(args, "limit"),
        .more = LIST_MORE,
        .empty = "No alert has gone to an endpoint.",
        .check = check,
        .head = print_head,
        .context = ctx,
    };
    return list_show(ctx, &list, sql_list_deliveries, 5, params);
}

enum exit_code cmd_list_deliveries(struct ctx *ctx) {
    struct run run;
    if (!args_given(ctx->args, "run")) {
        return show(ctx, NULL);
    }
    if (!args_given(ctx->args, "project")) {
        return ctx_fail(ctx, EXIT_USAGE, "--run needs --project, of which it is a run.");
    }
    enum exit_code code = find_run(ctx, &run);
    if (code == EXIT_OK) {
        code = show(ctx, run.id);
        find_run_free(&run);
    }
    return code;
}
