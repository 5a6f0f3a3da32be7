/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define COLUMN_NAME  1
#define COLUMNS_WIDE 5 /* group and what follows */

static void print_json(const char *project, const struct pg_rows *rows) {
    struct json json;
    json_init(&json, stdout);
    json_open(&json, '{');
    json_key(&json, "project");
    json_text(&json, project);
    json_key(&json, "runs");
    rows_json_column(&json, rows, COLUMN_NAME);
    json_key(&json, "details");
    rows_json_array(&json, rows);
    json_close(&json);
    json_end(&json);
}

enum exit_code cmd_list_runs(struct ctx *ctx) {
    const char *project = args_text(ctx->args, "project");
    const struct pg_param params[] = {db_text(project)};
    struct pg_rows *rows = NULL;
    enum exit_code code = find_project(ctx);
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_list_runs, 1, params, &rows);
    }
    if (code != EXIT_OK) {
        return code;
    }
    if (ctx->json) {
        print_json(project, rows);
    } else {
        rows_out_all(ctx, rows, COLUMNS_WIDE, "No runs found.");
    }
    pg_rows_free(rows);
    return EXIT_OK;
}
