/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/records.h"

#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"

static void print_project(struct json *json, const void *context) {
    const struct ctx *ctx = context;
    json_key(json, "project");
    json_text(json, args_text(ctx->args, "project"));
}

static void print_head(struct json *json, const void *context) {
    const struct ctx *ctx = context;
    print_project(json, ctx);
    json_key(json, "run");
    json_text(json, args_text(ctx->args, "run"));
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return find_project(ctx);
}

static enum exit_code show(struct ctx *ctx, const struct records *records, const char *run_id) {
    char limit[LIST_LIMIT_BYTES];
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project")), db_text(run_id),
                                      list_limit(ctx, limit)};
    const struct list list = {
        .key = records->key,
        .wide = records->wide,
        .empty = records->empty,
        .limit = args_int(ctx->args, "limit"),
        .more = LIST_MORE,
        .check = check,
        .head = print_head,
        .context = ctx,
    };
    return list_show(ctx, &list, records->sql, 3, params);
}

enum exit_code records_list(struct ctx *ctx, const struct records *records) {
    if (!args_given(ctx->args, "run")) {
        return show(ctx, records, NULL);
    }
    struct run run;
    enum exit_code code = find_run(ctx, &run);
    if (code == EXIT_OK) {
        code = show(ctx, records, run.id);
        find_run_free(&run);
    }
    return code;
}

static enum exit_code check_given(struct ctx *ctx, const void *context) {
    return args_given(ctx->args, "project") ? check(ctx, context) : EXIT_OK;
}

enum exit_code records_list_any(struct ctx *ctx, const struct records *records) {
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project"))};
    const struct list list = {
        .key = records->key,
        .wide = records->wide,
        .empty = records->empty,
        .check = check_given,
        .head = print_project,
        .context = ctx,
    };
    return list_show(ctx, &list, records->sql, 1, params);
}
