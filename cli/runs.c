/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/db.h"
#include "cli/triple.h"
#include "cli_sql.h"

static const char created[] = "created";

/* -KEY: descending. */
static enum exit_code read_order(struct ctx *ctx, struct runs *runs) {
    const char *sort = args_text(ctx->args, "sort");
    if (sort == NULL) {
        return EXIT_OK;
    }
    runs->descending = sort[0] == '-';
    sort += runs->descending;
    if (strcmp(sort, created) == 0) {
        runs->order = (struct cond){.subject = created};
        return EXIT_OK;
    }
    return cond_parse_subject(ctx, "sort", sort, &runs->order);
}

enum exit_code runs_read(struct ctx *ctx, struct runs *out) {
    struct runs runs = {.agg = args_text(ctx->args, "agg"), .rank = args_text(ctx->args, "rank")};
    enum exit_code code = conds_read(ctx, "filter", &runs.conds);
    if (code == EXIT_OK) {
        code = read_order(ctx, &runs);
    }
    if (code != EXIT_OK) {
        runs_free(&runs);
        return code;
    }
    const char *metric;
    while ((metric = args_list(ctx->args, "metric", runs.metrics_n)) != NULL) {
        runs.metrics[runs.metrics_n++] = metric;
    }
    *out = runs;
    return EXIT_OK;
}

void runs_free(struct runs *runs) {
    conds_free(&runs->conds);
    cond_free(&runs->order);
}

/* Those asked for first, then what conditions and order need besides. Gives. */
static char *metric_names(const struct runs *runs) {
    const char *names[2 * ARGS_LIST_MAX + 1];
    int n = 0;
    for (; n < runs->metrics_n; n++) {
        names[n] = runs->metrics[n];
    }
    for (int i = 0; i < runs->conds.n; i++) {
        if (cond_is_metric(&runs->conds.list[i])) {
            names[n++] = runs->conds.list[i].name;
        }
    }
    if (runs->order.subject != NULL && cond_is_metric(&runs->order)) {
        names[n++] = runs->order.name;
    }
    return array_of_texts(n, names);
}

enum exit_code runs_query(struct ctx *ctx, const struct runs *runs, int64_t limit,
                          struct pg_rows **out_rows) {
    char most[24];
    char *names = metric_names(runs);
    char *conds = cond_json(runs->conds.n, runs->conds.list);
    snprintf(most, sizeof most, "%" PRId64, limit);
    const struct pg_param params[] = {
        db_text(args_text(ctx->args, "project")),
        db_text(conds),
        db_text(names),
        db_text(runs->agg),
        db_text(runs->rank),
        db_text(runs->order.subject),
        db_text(runs->order.name),
        db_text(runs->descending ? "true" : "false"),
        db_text(limit == 0 ? NULL : most),
        db_text(runs->run),
        db_text(runs->with_config ? "true" : "false"),
    };
    const enum exit_code code = db_query(ctx, sql_list_runs, 11, params, out_rows);
    free(conds);
    free(names);
    return code;
}

int runs_hidden(const struct runs *runs) {
    return runs->with_config ? RUNS_TOTAL : RUNS_CONFIG;
}

int64_t runs_total(const struct pg_rows *rows) {
    return pg_rows_n(rows) == 0 ? 0 : pg_int(rows, 0, pg_columns_n(rows) - RUNS_TOTAL);
}

void runs_json_metrics(struct json *json, const struct runs *runs, const struct pg_rows *rows,
                       int row) {
    const int n = pg_columns_n(rows);
    struct triples triples;
    struct triple triple;
    if (runs->metrics_n == 0) {
        return;
    }
    triples_init(&triples, rows, row, n - RUNS_LAST);
    json_key(json, "metrics");
    json_open(json, '{');
    for (int i = 0; i < runs->metrics_n && triples_next(&triples, &triple); i++) {
        json_key(json, runs->metrics[i]);
        triple_json(json, &triple);
    }
    json_close(json);
}
