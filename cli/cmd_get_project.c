/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/runs.h"

#define COLUMN_LAST_STEP 5
#define COLUMNS_WIDE     6 /* group and what follows */

/* The highest step of any run, as PostgreSQL wrote it; NULL: nothing was logged. */
static const char *last_activity(const struct pg_rows *rows) {
    int highest = 0;
    for (int i = 1; i < pg_rows_n(rows); i++) {
        const bool more =
            pg_text(rows, highest, COLUMN_LAST_STEP) == NULL ||
            pg_int(rows, i, COLUMN_LAST_STEP) > pg_int(rows, highest, COLUMN_LAST_STEP);
        if (pg_text(rows, i, COLUMN_LAST_STEP) != NULL && more) {
            highest = i;
        }
    }
    return pg_rows_n(rows) == 0 ? NULL : pg_text(rows, highest, COLUMN_LAST_STEP);
}

struct answer {
    const char *project;
    const struct pg_rows *rows;
};

static void print_head(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "project");
    json_text(json, answer->project);
    json_key(json, "num_runs");
    json_int(json, pg_rows_n(answer->rows));
}

static void print_tail(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "last_activity");
    json_number(json, last_activity(answer->rows));
}

enum exit_code cmd_get_project(struct ctx *ctx) {
    struct answer answer = {.project = args_text(ctx->args, "project")};
    const struct runs all = {.metrics_n = 0};
    struct pg_rows *rows = NULL;
    enum exit_code code = find_project(ctx);
    if (code == EXIT_OK) {
        code = runs_query(ctx, &all, 0, &rows);
    }
    answer.rows = rows;
    const struct list list = {
        .key = "runs",
        .hidden = runs_hidden(&all),
        .wide = COLUMNS_WIDE,
        .empty = "No runs found.",
        .head = print_head,
        .tail = print_tail,
        .context = &answer,
    };
    if (code == EXIT_OK) {
        code = list_show_rows(ctx, &list, rows);
    }
    pg_rows_free(rows);
    return code;
}
