/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/command.h"
#include "cli/cond.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define KEYS_MAX 4
#define PREFIX   "config."

/* Columns of sweep_metric.sql. */
enum { KEYS, BEST, BEST_RUN = 10, BEST_RUN_ID, HIDDEN = 1 };

struct sweep {
    struct ctx *ctx;
    const struct pg_rows *rows;
    int keys_n;
    const char *keys[KEYS_MAX]; /* without the prefix; borrowed */
};

static enum exit_code read_keys(struct sweep *s) {
    const char *key;
    while ((key = args_list(s->ctx->args, "by", s->keys_n)) != NULL) {
        if (s->keys_n == KEYS_MAX) {
            return ctx_fail(s->ctx, EXIT_USAGE, "--by is given at most %d times.", KEYS_MAX);
        }
        const bool prefixed = strncmp(key, PREFIX, strlen(PREFIX)) == 0;
        s->keys[s->keys_n++] = prefixed ? key + strlen(PREFIX) : key;
    }
    return EXIT_OK;
}

static void print_head(struct json *json, const void *context) {
    static const char *const given[] = {"project", "metric", "goal", "value"};
    const struct sweep *s = context;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        json_key(json, given[i]);
        json_text(json, args_text(s->ctx->args, given[i]));
    }
    json_key(json, "by");
    json_open(json, '[');
    for (int i = 0; i < s->keys_n; i++) {
        json_text(json, s->keys[i]);
    }
    json_close(json);
    const bool any = pg_rows_n(s->rows) > 0 && pg_text(s->rows, 0, BEST) != NULL;
    json_key(json, "best");
    if (!any) {
        json_text(json, NULL);
        return;
    }
    json_open(json, '{');
    json_key(json, "run");
    json_text(json, pg_text(s->rows, 0, BEST_RUN));
    json_key(json, "run_id");
    json_text(json, pg_text(s->rows, 0, BEST_RUN_ID));
    json_key(json, "value");
    json_number(json, pg_text(s->rows, 0, BEST));
    json_close(json);
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return find_project(ctx);
}

static enum exit_code ask(struct sweep *s, const char *conds, struct pg_rows **out_rows) {
    static const struct {
        const char *word, *place;
    } values[] = {{"last", "0"}, {"min", "1"}, {"max", "2"}};
    const struct args *args = s->ctx->args;
    const char *metric = args_text(args, "metric");
    const char *place = values[0].place;
    char limit[LIST_LIMIT_BYTES];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        place = strcmp(values[i].word, args_text(args, "value")) == 0 ? values[i].place : place;
    }
    char *metrics = array_of_texts(1, &metric);
    char *keys = array_of_texts(s->keys_n, s->keys);
    const struct pg_param params[] = {
        db_text(args_text(args, "project")),
        db_text(conds),
        db_text(metrics),
        db_text(args_text(args, "agg")),
        db_text(args_text(args, "rank")),
        db_text(keys),
        db_text(place),
        db_text(strcmp(args_text(args, "goal"), "max") == 0 ? "true" : "false"),
        list_limit(s->ctx, limit),
    };
    const enum exit_code code = db_query(s->ctx, sql_sweep_metric, 9, params, out_rows);
    free(metrics);
    free(keys);
    return code;
}

static enum exit_code show(struct sweep *s) {
    const struct list list = {
        .key = "groups",
        .hidden = HIDDEN,
        .empty = "No runs found.",
        .limit = args_int(s->ctx->args, "limit"),
        .more = "--limit N (0: all), or --filter",
        .check = check,
        .head = print_head,
        .context = s,
    };
    return list_show_rows(s->ctx, &list, s->rows);
}

enum exit_code cmd_sweep(struct ctx *ctx) {
    struct sweep s = {.ctx = ctx};
    struct conds conds;
    struct pg_rows *rows = NULL;
    enum exit_code code = read_keys(&s);
    if (code == EXIT_OK) {
        code = conds_read(ctx, "filter", &conds);
    }
    if (code != EXIT_OK) {
        return code;
    }
    char *json = cond_json(conds.n, conds.list);
    code = ask(&s, json, &rows);
    s.rows = rows;
    if (code == EXIT_OK) {
        code = show(&s);
    }
    free(json);
    conds_free(&conds);
    pg_rows_free(rows);
    return code;
}
