/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/rows.h"
#include "cli_sql.h"

/* The two kinds of metrics differ in words only. */
struct kind {
    const char *kind; /* as the view calls it */
    const char *key;
    const char *empty;
};

/* Names alone, not rows. */
static void print_document(const struct ctx *ctx, const struct run *run, const char *key,
                           const struct pg_rows *rows) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "project");
    json_text(&json, args_text(ctx->args, "project"));
    json_key(&json, "run");
    json_text(&json, run->name); /* NULL: of all runs */
    json_key(&json, key);
    rows_json_column(&json, rows, 0);
    json_key(&json, "run_id");
    json_text(&json, run->id);
    ctx_json_close(&json);
}

static enum exit_code of_run(struct ctx *ctx, const struct kind *kind, struct run *out_run,
                             struct pg_rows **out_rows) {
    const enum exit_code code = find_run(ctx, out_run);
    if (code != EXIT_OK) {
        return code;
    }
    const struct pg_param params[] = {db_text(out_run->id), db_text(kind->kind)};
    return db_query(ctx, sql_list_metrics, 2, params, out_rows);
}

static enum exit_code of_project(struct ctx *ctx, const struct kind *kind,
                                 struct pg_rows **out_rows) {
    const enum exit_code code = find_project(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project")),
                                      db_text(kind->kind)};
    return db_query(ctx, sql_list_project_metrics, 2, params, out_rows);
}

static enum exit_code list(struct ctx *ctx, const struct kind *kind) {
    struct run run = {.id = NULL};
    struct pg_rows *rows = NULL;
    enum exit_code code = args_given(ctx->args, "run") ? of_run(ctx, kind, &run, &rows)
                                                       : of_project(ctx, kind, &rows);
    if (code == EXIT_OK && ctx->json && !ctx->lines) {
        print_document(ctx, &run, kind->key, rows);
    } else if (code == EXIT_OK) {
        const struct list list = {.empty = kind->empty};
        code = list_show_rows(ctx, &list, rows);
    }
    pg_rows_free(rows);
    find_run_free(&run);
    return code;
}

enum exit_code cmd_list_metrics(struct ctx *ctx) {
    static const struct kind metric = {"metric", "metrics", "No metrics found."};
    return list(ctx, &metric);
}

enum exit_code cmd_list_system_metrics(struct ctx *ctx) {
    static const struct kind system = {"system", "system_metrics", "No system metrics found."};
    return list(ctx, &system);
}
