/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/out.h"
#include "cli/triple.h"
#include "cli_sql.h"

#define RUNS_MAX 32

/* Columns of compare_config.sql and compare_metrics.sql. */
enum { COLUMN_NAME, COLUMN_VALUES, COLUMN_LAST = 1 };

struct compare {
    struct ctx *ctx;
    int n;
    struct run runs[RUNS_MAX];
    int64_t limit; /* rows of each kind; 0: all */
    struct pg_rows *config;
    struct pg_rows *metrics;
};

static enum exit_code find_runs(struct compare *c) {
    const struct args *args = c->ctx->args;
    if (args->rest_n < 2 || args->rest_n > RUNS_MAX) {
        return ctx_fail(c->ctx, EXIT_USAGE,
                        "compare takes the names or ids of 2 to %d runs. See: tocsin list runs",
                        RUNS_MAX);
    }
    enum exit_code code = EXIT_OK;
    while (code == EXIT_OK && c->n < args->rest_n) {
        code = find_run_named(c->ctx, args->rest[c->n], &c->runs[c->n]);
        c->n += code == EXIT_OK;
    }
    return code;
}

/* Gives. */
static char *ids_of(const struct compare *c) {
    const char *ids[RUNS_MAX];
    for (int i = 0; i < c->n; i++) {
        ids[i] = c->runs[i].id;
    }
    return array_of_texts(c->n, ids);
}

static enum exit_code ask(struct compare *c) {
    const struct args *args = c->ctx->args;
    char limit[24];
    char *ids = ids_of(c);
    char *names = args_given(args, "metric") ? array_of_option(c->ctx, "metric") : NULL;
    snprintf(limit, sizeof limit, "%" PRId64, c->limit + 1);
    const struct pg_param most = db_text(c->limit == 0 ? NULL : limit);
    const struct pg_param config[] = {db_text(ids),
                                      db_text(args_given(args, "all") ? "true" : "false"), most};
    const struct pg_param metrics[] = {db_text(ids), db_text(names),
                                       db_text(args_text(args, "agg")),
                                       db_text(args_text(args, "rank")), most};
    enum exit_code code = db_query(c->ctx, sql_compare_config, 3, config, &c->config);
    if (code == EXIT_OK) {
        code = db_query(c->ctx, sql_compare_metrics, 5, metrics, &c->metrics);
    }
    free(ids);
    free(names);
    return code;
}

/* Rows that are shown of those that came; one more than the limit only tells that there are more.
 */
static int shown(const struct compare *c, const struct pg_rows *rows) {
    const int n = pg_rows_n(rows);
    return c->limit > 0 && n > c->limit ? (int)c->limit : n;
}

static bool has_more(const struct compare *c) {
    return shown(c, c->config) < pg_rows_n(c->config) ||
           shown(c, c->metrics) < pg_rows_n(c->metrics);
}

static void put_runs(struct json *json, const struct compare *c) {
    json_key(json, "runs");
    json_open(json, '[');
    for (int i = 0; i < c->n; i++) {
        json_open(json, '{');
        json_key(json, "run");
        json_text(json, c->runs[i].name);
        json_key(json, "run_id");
        json_text(json, c->runs[i].id);
        json_close(json);
    }
    json_close(json);
}

static void put_metric(struct json *json, const struct compare *c, int row) {
    struct triples triples;
    struct triple triple;
    triples_init(&triples, c->metrics, row, COLUMN_LAST);
    json_key(json, pg_text(c->metrics, row, COLUMN_NAME));
    json_open(json, '[');
    while (triples_next(&triples, &triple)) {
        triple_json(json, &triple);
    }
    json_close(json);
}

static void print_document(const struct compare *c) {
    struct json json;
    ctx_json_open(c->ctx, &json);
    json_key(&json, "project");
    json_text(&json, args_text(c->ctx->args, "project"));
    put_runs(&json, c);
    json_key(&json, "config");
    json_open(&json, '{');
    for (int i = 0; i < shown(c, c->config); i++) {
        json_key(&json, pg_text(c->config, i, COLUMN_NAME));
        json_embed(&json, pg_text(c->config, i, COLUMN_VALUES));
    }
    json_close(&json);
    json_key(&json, "metrics");
    json_open(&json, '{');
    for (int i = 0; i < shown(c, c->metrics); i++) {
        put_metric(&json, c, i);
    }
    json_close(&json);
    json_key(&json, "has_more");
    json_bool(&json, has_more(c));
    ctx_json_close(&json);
}

/* A table: a line for each key and metric, a column for each run. */

static struct out *begin_table(const struct compare *c) {
    struct out_column columns[RUNS_MAX + 1] = {{.name = "field"}};
    for (int i = 0; i < c->n; i++) {
        columns[i + 1].name = c->runs[i].name;
    }
    return out_new(c->ctx->out, c->ctx->style, c->n + 1, columns);
}

/* The elements of a JSON array of plain values as cells: texts without their quotes. */
static void put_values(struct out *out, const char *array, int n) {
    const char *at = array + 1;
    for (int i = 0; i < n; i++) {
        const char *end = json_value_end(at);
        const bool text = *at == '"' && end[-1] == '"';
        char *value = strndup(at + text, (size_t)(end - at) - 2 * (size_t)text);
        if (value == NULL) {
            abort();
        }
        out_cell(out, strcmp(value, "null") == 0 && !text ? "" : value);
        free(value);
        at = end + strspn(end, ", ");
    }
}

static void put_triples(struct out *out, const struct compare *c, int row) {
    static const char *const suffixes[TRIPLE_PARTS] = {"", " min", " max"};
    for (int part = 0; part < TRIPLE_PARTS; part++) {
        struct triples triples;
        struct triple triple;
        char *name = NULL;
        if (asprintf(&name, "%s%s", pg_text(c->metrics, row, COLUMN_NAME), suffixes[part]) < 0) {
            abort();
        }
        out_cell(out, name);
        free(name);
        triples_init(&triples, c->metrics, row, COLUMN_LAST);
        for (int i = 0; i < c->n && triples_next(&triples, &triple); i++) {
            out_cell(out, triple.parts[part]);
        }
    }
}

static void print_table(const struct compare *c) {
    struct out *out = begin_table(c);
    for (int i = 0; i < shown(c, c->config); i++) {
        char *name = NULL;
        if (asprintf(&name, "config.%s", pg_text(c->config, i, COLUMN_NAME)) < 0) {
            abort();
        }
        out_cell(out, name);
        free(name);
        put_values(out, pg_text(c->config, i, COLUMN_VALUES), c->n);
    }
    for (int i = 0; i < shown(c, c->metrics); i++) {
        put_triples(out, c, i);
    }
    out_end(out);
    out_free(out);
    if (has_more(c)) {
        ctx_note("There is more: --limit N (0: all), or --metric.");
    }
}

enum exit_code cmd_compare(struct ctx *ctx) {
    struct compare c = {.ctx = ctx, .limit = args_int(ctx->args, "limit")};
    enum exit_code code = find_runs(&c);
    if (code == EXIT_OK) {
        code = ask(&c);
    }
    if (code == EXIT_OK) {
        (ctx->json ? print_document : print_table)(&c);
    }
    for (int i = 0; i < c.n; i++) {
        find_run_free(&c.runs[i]);
    }
    pg_rows_free(c.config);
    pg_rows_free(c.metrics);
    return code;
}
