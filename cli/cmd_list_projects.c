/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/list.h"
#include "cli/rows.h"
#include "cli_sql.h"

static void print_head(struct json *json, const void *context) {
    json_key(json, "projects");
    rows_json_column(json, context, 0);
}

enum exit_code cmd_list_projects(struct ctx *ctx) {
    struct pg_rows *rows = NULL;
    enum exit_code code = db_query(ctx, sql_list_projects, 0, NULL, &rows);
    if (code == EXIT_OK) {
        const struct list list = {
            .key = "details", .empty = "No projects found.", .head = print_head, .context = rows};
        code = list_show_rows(ctx, &list, rows);
    }
    pg_rows_free(rows);
    return code;
}
