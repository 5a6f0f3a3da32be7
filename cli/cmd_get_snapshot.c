/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/span.h"
#include "cli_sql.h"

struct answer {
    const struct ctx *ctx;
    const struct run *run;
};

static void print_head(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "project");
    json_text(json, args_text(answer->ctx->args, "project"));
    json_key(json, "run");
    json_text(json, answer->run->name);
}

static void print_behind(struct json *json, const void *context) {
    const struct answer *answer = context;
    span_json(json, answer->ctx);
}

static void print_tail(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "run_id");
    json_text(json, answer->run->id);
}

static enum exit_code show(struct ctx *ctx, const struct run *run, const struct span *span) {
    struct answer answer = {.ctx = ctx, .run = run};
    const char *agg = args_text(ctx->args, "agg");
    const struct list list = {
        .key = "metrics",
        .by_name = true,
        .hidden = span->hide_attempt && agg == NULL ? 1 : 0,
        .empty = "No metrics found in the specified range.",
        .limit = args_int(ctx->args, "limit"),
        .more = "--limit 0 prints all; --agg, --rank or a smaller --window makes them fewer",
        .head = print_head,
        .behind = print_behind,
        .tail = print_tail,
        .context = &answer,
    };
    char limit[LIST_LIMIT_BYTES];
    struct pg_param params[4 + SPAN_PARAMS] = {db_text(run->id)};
    memcpy(params + 1, span->params, sizeof span->params);
    params[1 + SPAN_PARAMS] = db_text(ctx->json ? "false" : "true");
    params[2 + SPAN_PARAMS] = list_limit(ctx, limit);
    params[3 + SPAN_PARAMS] = db_text(agg);
    const enum exit_code code =
        agg == NULL ? list_show(ctx, &list, sql_get_snapshot, 3 + SPAN_PARAMS, params)
                    : list_show(ctx, &list, sql_get_snapshot_across, 4 + SPAN_PARAMS, params);
    return db_explain_time(ctx, code, "at-time");
}

enum exit_code cmd_get_snapshot(struct ctx *ctx) {
    const struct args *args = ctx->args;
    if (!args_given(args, "step") && !args_given(args, "around") && !args_given(args, "at-time")) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "Provide --step, --around (with --window), or --at-time "
                        "(with --window).");
    }
    struct span span;
    struct run run;
    enum exit_code code = span_read(ctx, &span);
    if (code == EXIT_OK) {
        code = span_check_agg(ctx);
    }
    if (code == EXIT_OK) {
        code = find_run(ctx, &run);
    }
    if (code == EXIT_OK) {
        code = show(ctx, &run, &span);
        find_run_free(&run);
    }
    return code;
}
