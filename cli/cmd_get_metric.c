/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/points.h"
#include "cli/span.h"
#include "cli_sql.h"

struct answer {
    const struct ctx *ctx;
    const struct run *run;
    const struct span *span;
    struct choice choice;
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
    choice_json(json, &answer->choice);
    json_key(json, "run_id");
    json_text(json, answer->run->id);
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    const struct answer *answer = context;
    return find_metric(ctx, answer->run, "metric");
}

/* All values that the span means, or what --agg makes of them. */
static enum exit_code show_span(struct ctx *ctx, const struct list *list,
                                const struct answer *answer) {
    struct pg_param params[4 + SPAN_PARAMS] = {db_text(answer->run->id),
                                               db_text(args_text(ctx->args, "metric"))};
    memcpy(params + 2, answer->span->params, sizeof answer->span->params);
    if (!args_given(ctx->args, "agg")) {
        return list_show(ctx, list, sql_get_metric, 2 + SPAN_PARAMS, params);
    }
    params[2 + SPAN_PARAMS] = db_text(args_text(ctx->args, "agg"));
    params[3 + SPAN_PARAMS] = db_text(answer->choice.steps);
    return list_show(ctx, list, sql_get_metric_across, 4 + SPAN_PARAMS, params);
}

static enum exit_code show_chosen(struct ctx *ctx, const struct list *list,
                                  const struct answer *answer) {
    const struct pg_param params[] = {
        db_text(answer->run->id),         db_text(args_text(ctx->args, "metric")),
        db_text(answer->choice.places),   db_text(answer->choice.positions),
        db_text(answer->choice.values),   db_text(answer->choice.steps),
        db_text(answer->choice.times),    db_text(answer->choice.ranks),
        db_text(answer->choice.attempts),
    };
    return list_show(ctx, list, sql_get_metric_points, 9, params);
}

static enum exit_code show(struct ctx *ctx, struct answer *answer) {
    const struct list list = {
        .key = "values",
        .hidden = answer->span->hide_attempt && !args_given(ctx->args, "agg") ? 1 : 0,
        .empty = "No metric values found.",
        .check = check,
        .head = print_head,
        .tail = print_tail,
        .context = answer,
    };
    enum exit_code code = choice_make(ctx, answer->run, answer->span, &answer->choice);
    if (code == EXIT_OK && answer->choice.places != NULL) {
        code = show_chosen(ctx, &list, answer);
    } else if (code == EXIT_OK) {
        code = show_span(ctx, &list, answer);
    }
    if (code == EXIT_OK) {
        choice_note(ctx, &answer->choice);
    }
    choice_free(&answer->choice);
    return db_explain_time(ctx, code, "at-time");
}

enum exit_code cmd_get_metric(struct ctx *ctx) {
    struct span span;
    struct run run;
    const int64_t max_points = args_int(ctx->args, "max-points");
    if (max_points > 0 && max_points < POINTS_MIN) {
        return ctx_fail(ctx, EXIT_USAGE, "--max-points is at least %d, or 0 for all.", POINTS_MIN);
    }
    enum exit_code code = span_read(ctx, &span);
    if (code == EXIT_OK) {
        code = span_check_agg(ctx);
    }
    if (code == EXIT_OK) {
        code = find_run(ctx, &run);
    }
    if (code == EXIT_OK) {
        struct answer answer = {.ctx = ctx, .run = &run, .span = &span};
        code = show(ctx, &answer);
        find_run_free(&run);
    }
    return code;
}
