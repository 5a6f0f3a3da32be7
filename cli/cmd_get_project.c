/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define COLUMN_LAST_STEP 5
#define COLUMNS_WIDE     5 /* group and what follows */

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

static void print_json(const char *project, const struct pg_rows *rows) {
    struct json json;
    json_init(&json, stdout);
    json_open(&json, '{');
    json_key(&json, "project");
    json_text(&json, project);
    json_key(&json, "num_runs");
    json_int(&json, pg_rows_n(rows));
    json_key(&json, "runs");
    rows_json_array(&json, rows);
    json_key(&json, "last_activity");
    json_number(&json, last_activity(rows));
    json_close(&json);
    json_end(&json);
}

enum exit_code cmd_get_project(struct ctx *ctx) {
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
