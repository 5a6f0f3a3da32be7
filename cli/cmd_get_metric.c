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
    json_key(json, "metric");
    json_text(json, args_text(answer->ctx->args, "metric"));
}

static void print_tail(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "run_id");
    json_text(json, answer->run->id);
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    const struct answer *answer = context;
    return find_metric(ctx, answer->run, "metric");
}

static enum exit_code show(struct ctx *ctx, const struct run *run, const struct span *span) {
    struct answer answer = {.ctx = ctx, .run = run};
    const struct list list = {
        .key = "values",
        .hidden = span->hide_attempt ? 1 : 0,
        .empty = "No metric values found.",
        .check = check,
        .head = print_head,
        .tail = print_tail,
        .context = &answer,
    };
    struct pg_param params[2 + SPAN_PARAMS] = {db_text(run->id),
                                               db_text(args_text(ctx->args, "metric"))};
    memcpy(params + 2, span->params, sizeof span->params);
    const enum exit_code code = list_show(ctx, &list, sql_get_metric, 2 + SPAN_PARAMS, params);
    return db_explain_time(ctx, code, "at-time");
}

enum exit_code cmd_get_metric(struct ctx *ctx) {
    struct span span;
    struct run run;
    enum exit_code code = span_read(ctx, &span);
    if (code == EXIT_OK) {
        code = find_run(ctx, &run);
    }
    if (code == EXIT_OK) {
        code = show(ctx, &run, &span);
        find_run_free(&run);
    }
    return code;
}
