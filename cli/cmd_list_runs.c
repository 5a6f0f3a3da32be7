/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define COLUMN_NAME  1
#define COLUMNS_WIDE 5 /* group and what follows */

struct answer {
    const char *project;
    const struct pg_rows *rows;
};

static void print_head(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "project");
    json_text(json, answer->project);
    json_key(json, "runs");
    rows_json_column(json, answer->rows, COLUMN_NAME);
}

enum exit_code cmd_list_runs(struct ctx *ctx) {
    struct answer answer = {.project = args_text(ctx->args, "project")};
    const struct pg_param params[] = {db_text(answer.project)};
    struct pg_rows *rows = NULL;
    enum exit_code code = find_project(ctx);
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_list_runs, 1, params, &rows);
    }
    answer.rows = rows;
    const struct list list = {
        .key = "details",
        .wide = COLUMNS_WIDE,
        .empty = "No runs found.",
        .head = print_head,
        .context = &answer,
    };
    if (code == EXIT_OK) {
        code = list_show_rows(ctx, &list, rows);
    }
    pg_rows_free(rows);
    return code;
}
