/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/rows.h"
#include "cli/runs.h"
#include "cli/spark.h"
#include "cli/triple.h"
#include "cli_sql.h"

#define COLUMN_NAME  1
#define COLUMNS_WIDE 6 /* group and what follows */
#define MORE         "--limit N (0: all), or --filter"

/* What stands beside metrics on a terminal: name, state, last_step. */
static const int narrow[] = {1, 3, 5};

struct answer {
    struct ctx *ctx;
    struct runs runs;
    const struct pg_rows *rows;
};

/* No terminal has room for configurations. */
static int wide_of(const struct answer *answer) {
    return COLUMNS_WIDE + answer->runs.with_config;
}

/* JSON */

static void print_head(struct json *json, const void *context) {
    const struct answer *answer = context;
    json_key(json, "project");
    json_text(json, args_text(answer->ctx->args, "project"));
    json_key(json, "runs");
    rows_json_column(json, answer->rows, COLUMN_NAME);
}

static void print_extra(struct json *json, const void *context, const struct pg_rows *rows,
                        int row) {
    const struct answer *answer = context;
    runs_json_metrics(json, &answer->runs, rows, row);
}

static void print_tail(struct json *json, const void *context) {
    const struct answer *answer = context;
    const int64_t total = runs_total(answer->rows);
    const bool has_more = total > pg_rows_n(answer->rows);
    json_key(json, "total");
    json_int(json, total);
    json_key(json, "has_more");
    json_bool(json, has_more);
    if (has_more) {
        json_key(json, "more");
        json_text(json, MORE);
    }
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return find_project(ctx);
}

static enum exit_code show_list(struct answer *answer) {
    const struct list list = {
        .key = "details",
        .hidden = runs_hidden(&answer->runs),
        .wide = wide_of(answer),
        .empty = "No runs found.",
        .check = check,
        .head = print_head,
        .extra = print_extra,
        .tail = print_tail,
        .context = answer,
    };
    return list_show_rows(answer->ctx, &list, answer->rows);
}

/* A table with metrics: three columns for each, and its curve on a terminal. */

struct table {
    struct answer *answer;
    struct columns columns;
    bool curves;
    struct pg_rows *samples[ARGS_LIST_MAX]; /* of each metric */
    struct out *out;
};

static void choose_narrow(struct columns *columns) {
    columns->n = sizeof narrow / sizeof *narrow;
    memcpy(columns->at, narrow, sizeof narrow);
}

/* The ids of the runs as a PostgreSQL array. Gives. */
static char *ids_of(const struct pg_rows *rows) {
    const int n = pg_rows_n(rows);
    const char **ids = calloc((size_t)n + 1, sizeof *ids);
    if (ids == NULL) {
        abort();
    }
    for (int i = 0; i < n; i++) {
        ids[i] = pg_text(rows, i, 0);
    }
    char *array = array_of_texts(n, ids);
    free(ids);
    return array;
}

static enum exit_code take_samples(struct table *table) {
    struct ctx *ctx = table->answer->ctx;
    const struct runs *runs = &table->answer->runs;
    char *ids = ids_of(table->answer->rows);
    enum exit_code code = EXIT_OK;
    for (int i = 0; i < runs->metrics_n && code == EXIT_OK; i++) {
        const struct pg_param params[] = {db_text(ids), db_text(runs->metrics[i]), db_text("16")};
        code = db_query(ctx, sql_sample_metric, 3, params, &table->samples[i]);
    }
    free(ids);
    return code;
}

static struct out *begin_table(const struct table *table) {
    static const char *const suffixes[] = {"", " min", " max", " curve"};
    const struct pg_rows *rows = table->answer->rows;
    const struct runs *runs = &table->answer->runs;
    const int each = table->curves ? 4 : 3;
    const int n = table->columns.n + each * runs->metrics_n;
    struct out_column *columns = calloc((size_t)n, sizeof *columns);
    char(*names)[512] = calloc((size_t)n, sizeof *names);
    if (columns == NULL || names == NULL) {
        abort();
    }
    for (int i = 0; i < table->columns.n; i++) {
        columns[i].name = pg_column_name(rows, table->columns.at[i]);
    }
    for (int i = table->columns.n; i < n; i++) {
        const int place = i - table->columns.n;
        snprintf(names[i], sizeof names[i], "%s%s", runs->metrics[place / each],
                 suffixes[place % each]);
        columns[i] = (struct out_column){.name = names[i], .right = place % each < 3};
    }
    struct out *out = out_new(table->answer->ctx->out, table->answer->ctx->style, n, columns);
    free(columns);
    free(names);
    return out;
}

static void put_metrics(const struct table *table, int row) {
    const struct pg_rows *rows = table->answer->rows;
    struct triples triples;
    struct triple triple;
    triples_init(&triples, rows, row, pg_columns_n(rows) - RUNS_LAST);
    for (int i = 0; i < table->answer->runs.metrics_n && triples_next(&triples, &triple); i++) {
        for (int k = 0; k < TRIPLE_PARTS; k++) {
            out_cell(table->out, triple.parts[k]);
        }
        if (table->curves) {
            char curve[SPARK_BYTES];
            spark_text(pg_text(table->samples[i], row, 0), curve);
            out_cell(table->out, curve);
        }
    }
}

static enum exit_code print_table(struct table *table) {
    const struct pg_rows *rows = table->answer->rows;
    enum exit_code code = table->curves ? take_samples(table) : EXIT_OK;
    if (code != EXIT_OK) {
        return code;
    }
    table->out = begin_table(table);
    for (int i = 0; i < pg_rows_n(rows); i++) {
        rows_out(table->out, rows, i, &table->columns);
        put_metrics(table, i);
    }
    out_end(table->out);
    out_free(table->out);
    return EXIT_OK;
}

static enum exit_code show_table(struct answer *answer) {
    struct ctx *ctx = answer->ctx;
    struct table table = {.answer = answer, .curves = ctx->style.form == OUT_TABLE};
    enum exit_code code = columns_choose(ctx, answer->rows, runs_hidden(&answer->runs),
                                         wide_of(answer), &table.columns);
    if (code == EXIT_OK && table.curves && !args_given(ctx->args, "fields")) {
        choose_narrow(&table.columns);
    }
    if (code == EXIT_OK) {
        code = print_table(&table);
    }
    for (int i = 0; i < answer->runs.metrics_n; i++) {
        pg_rows_free(table.samples[i]);
    }
    return code;
}

static enum exit_code show(struct answer *answer) {
    const bool table = answer->runs.metrics_n > 0 && !answer->ctx->json;
    const enum exit_code code =
        table && pg_rows_n(answer->rows) > 0 ? show_table(answer) : show_list(answer);
    if (code == EXIT_OK && !answer->ctx->json &&
        runs_total(answer->rows) > pg_rows_n(answer->rows)) {
        ctx_note("There is more: %s.", MORE);
    }
    return code;
}

enum exit_code cmd_list_runs(struct ctx *ctx) {
    struct answer answer = {.ctx = ctx};
    struct pg_rows *rows = NULL;
    const bool top = args_given(ctx->args, "top");
    enum exit_code code = runs_read(ctx, &answer.runs);
    if (code != EXIT_OK) {
        return code;
    }
    answer.runs.with_config = args_given(ctx->args, "config");
    code = runs_query(ctx, &answer.runs, args_int(ctx->args, top ? "top" : "limit"), &rows);
    answer.rows = rows;
    if (code == EXIT_OK) {
        code = show(&answer);
    }
    pg_rows_free(rows);
    runs_free(&answer.runs);
    return code;
}
