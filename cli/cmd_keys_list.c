/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "cli_sql.h"

static void print_json(const struct pg_rows *rows) {
    struct json json;
    json_init(&json, stdout);
    json_open(&json, '{');
    json_key(&json, "keys");
    rows_json_array(&json, rows);
    json_close(&json);
    json_end(&json);
}

enum exit_code cmd_keys_list(struct ctx *ctx) {
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_list_keys, 0, NULL, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    if (ctx->json) {
        print_json(rows);
    } else {
        rows_out_all(ctx, rows, 0, "No keys yet. See: tocsin keys client --help");
    }
    pg_rows_free(rows);
    return EXIT_OK;
}
