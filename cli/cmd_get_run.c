/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "cli_sql.h"

/* Columns of get_run.sql. */
enum {
    PROJECT,
    RUN,
    RUN_ID,
    NUM_LOGS,
    CONFIG,
    USERNAME,
    CREATED_AT,
    GROUP,
    LAST_STEP,
    REST,
};

/* The user's keys, then Trackio's three. */
static void print_config(struct json *json, const struct pg_rows *row) {
    json_key(json, "config");
    json_open(json, '{');
    json_embed_members(json, pg_text(row, 0, CONFIG));
    json_key(json, "_Username");
    rows_json_value(json, row, 0, USERNAME);
    json_key(json, "_Created");
    rows_json_value(json, row, 0, CREATED_AT);
    json_key(json, "_Group");
    rows_json_value(json, row, 0, GROUP);
    json_close(json);
}

static void print_json(const struct ctx *ctx, const struct pg_rows *row,
                       const struct pg_rows *metrics) {
    struct json json;
    ctx_json_open(ctx, &json);
    rows_json_members(&json, row, 0, PROJECT, CONFIG);
    json_key(&json, "metrics");
    rows_json_column(&json, metrics, 0);
    print_config(&json, row);
    rows_json_members(&json, row, 0, LAST_STEP, pg_columns_n(row));
    rows_json_members(&json, row, 0, USERNAME, LAST_STEP);
    ctx_json_close(&json);
}

static void print_text(const struct ctx *ctx, const struct pg_rows *row,
                       const struct pg_rows *metrics) {
    static const struct out_column columns[] = {{.name = "field"}, {.name = "value"}};
    struct out *out = out_new(ctx->out, ctx->style, 2, columns);
    for (int i = 0; i < pg_columns_n(row); i++) {
        out_cell(out, pg_column_name(row, i));
        rows_out_field(out, row, 0, i);
    }
    for (int i = 0; i < pg_rows_n(metrics); i++) {
        out_cell(out, "metric");
        rows_out_field(out, metrics, i, 0);
    }
    out_end(out);
    out_free(out);
}

static enum exit_code show(struct ctx *ctx, const struct run *run) {
    struct pg_rows *row = NULL;
    struct pg_rows *metrics = NULL;
    const struct pg_param params[] = {db_text(run->id), db_text("metric")};
    enum exit_code code = db_query(ctx, sql_get_run, 1, params, &row);
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_list_metrics, 2, params, &metrics);
    }
    if (code == EXIT_OK && pg_rows_n(row) == 0) {
        code = ctx_fail(ctx, EXIT_NOT_FOUND, "Run '%s' was deleted meanwhile.", run->name);
    } else if (code == EXIT_OK && ctx->json) {
        print_json(ctx, row, metrics);
    } else if (code == EXIT_OK) {
        print_text(ctx, row, metrics);
    }
    pg_rows_free(row);
    pg_rows_free(metrics);
    return code;
}

enum exit_code cmd_get_run(struct ctx *ctx) {
    struct run run;
    enum exit_code code = find_run(ctx, &run);
    if (code == EXIT_OK) {
        code = show(ctx, &run);
        find_run_free(&run);
    }
    return code;
}
