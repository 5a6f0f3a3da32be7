/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define COLUMNS_WIDE 4 /* last_time and what follows */

/* Columns of list_ranks.sql that are equal in all rows. */
enum { WORLD_SIZE = 14, HERE, STEPS_MIN, STEPS_MAX, TIME_MIN, TIME_P50, TIME_MAX, MISSING };
#define HIDDEN (MISSING - WORLD_SIZE + 1)

struct answer {
    const struct ctx *ctx;
    const struct run *run;
    const struct pg_rows *rows;
};

static void put(struct json *json, const char *key, const struct pg_rows *rows, int column) {
    json_key(json, key);
    json_number(json, pg_text(rows, 0, column));
}

static void print_head(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "project");
    json_text(json, args_text(answer->ctx->args, "project"));
    json_key(json, "run");
    json_text(json, answer->run->name);
    json_key(json, "run_id");
    json_text(json, answer->run->id);
    put(json, "world_size", answer->rows, WORLD_SIZE);
    put(json, "here", answer->rows, HERE);
    json_key(json, "missing");
    json_embed(json, pg_text(answer->rows, 0, MISSING) == NULL ? "[]"
                                                               : pg_text(answer->rows, 0, MISSING));
    json_key(json, "last_step");
    json_open(json, '{');
    put(json, "min", answer->rows, STEPS_MIN);
    put(json, "max", answer->rows, STEPS_MAX);
    json_close(json);
    json_key(json, "step_time_s");
    json_open(json, '{');
    put(json, "min", answer->rows, TIME_MIN);
    put(json, "p50", answer->rows, TIME_P50);
    put(json, "max", answer->rows, TIME_MAX);
    json_close(json);
}

/* What a table has no columns for. */
static void say_summary(const struct pg_rows *rows) {
    const char *p50 = pg_text(rows, 0, TIME_P50);
    const char *missing = pg_text(rows, 0, MISSING);
    ctx_note("%s of %s ranks; steps %s to %s; a step takes %s s (median), %s to %s.",
             pg_text(rows, 0, HERE), pg_text(rows, 0, WORLD_SIZE),
             pg_text(rows, 0, STEPS_MIN) == NULL ? "-" : pg_text(rows, 0, STEPS_MIN),
             pg_text(rows, 0, STEPS_MAX) == NULL ? "-" : pg_text(rows, 0, STEPS_MAX),
             p50 == NULL ? "-" : p50, p50 == NULL ? "-" : pg_text(rows, 0, TIME_MIN),
             p50 == NULL ? "-" : pg_text(rows, 0, TIME_MAX));
    if (missing != NULL) {
        ctx_note("Never came: %s", missing);
    }
}

static enum exit_code show(struct ctx *ctx, struct answer *answer) {
    const struct list list = {
        .key = "ranks",
        .hidden = HIDDEN,
        .wide = COLUMNS_WIDE,
        .empty = "No ranks found.",
        .limit = args_int(ctx->args, "limit"),
        .more = LIST_MORE,
        .head = print_head,
        .context = answer,
    };
    if (pg_rows_n(answer->rows) == 0) {
        return ctx_fail(ctx, EXIT_NOT_FOUND, "Run '%s' has no ranks.", answer->run->name);
    }
    const enum exit_code code = list_show_rows(ctx, &list, answer->rows);
    if (code == EXIT_OK && !ctx->json && ctx->style.form == OUT_TABLE) {
        say_summary(answer->rows);
    }
    return code;
}

enum exit_code cmd_ranks(struct ctx *ctx) {
    struct run run;
    char limit[LIST_LIMIT_BYTES];
    struct pg_rows *rows = NULL;
    enum exit_code code = find_run(ctx, &run);
    if (code != EXIT_OK) {
        return code;
    }
    const struct pg_param params[] = {db_text(run.id), list_limit(ctx, limit)};
    code = db_query(ctx, sql_list_ranks, 2, params, &rows);
    if (code == EXIT_OK) {
        struct answer answer = {.ctx = ctx, .run = &run, .rows = rows};
        code = show(ctx, &answer);
    }
    pg_rows_free(rows);
    find_run_free(&run);
    return code;
}
