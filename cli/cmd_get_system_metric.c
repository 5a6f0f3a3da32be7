/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/rows.h"
#include "cli/since.h"
#include "cli_sql.h"

/* Columns of get_system_metrics.sql. */
enum { TIMESTAMP, METRIC, VALUE, RANK, POSITION, HAS_MORE };

static const char more[] = "--limit N prints the newest N, 0 all";

/* A value that JSON cannot hold. */
struct odd {
    char *name;
    const char *what;
};

/* One call is one object: its values under their names, then its time and rank. The rows of a call
 * follow each other with rising positions. */
struct stream {
    struct ctx *ctx;
    const struct run *run;
    bool started;
    bool any;
    bool has_more;
    struct columns columns; /* of a table */
    struct out *out;        /* NULL for JSON */
    struct json json;
    /* the call that is being written */
    int64_t position; /* of its last value */
    char *timestamp;  /* NULL: no call is open */
    char *rank;
    struct odd *odds;
    size_t odds_n;
};

static void *need(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void start(struct stream *s, const struct pg_rows *rows) {
    const char *metric = args_text(s->ctx->args, "metric");
    s->started = true;
    columns_all(POSITION, &s->columns);
    if (!s->ctx->json) {
        s->out = rows_out_new(s->ctx, s->ctx->out, rows, &s->columns);
        return;
    }
    if (s->ctx->lines) {
        return;
    }
    ctx_json_open(s->ctx, &s->json);
    json_key(&s->json, "project");
    json_text(&s->json, args_text(s->ctx->args, "project"));
    json_key(&s->json, "run");
    json_text(&s->json, s->run->name);
    if (metric != NULL) {
        json_key(&s->json, "metric");
        json_text(&s->json, metric);
    }
    json_key(&s->json, metric != NULL ? "values" : "system_metrics");
    json_open(&s->json, '[');
}

static void put_odds(struct stream *s) {
    json_key(&s->json, "nonfinite");
    json_open(&s->json, '{');
    for (size_t i = 0; i < s->odds_n; i++) {
        json_key(&s->json, s->odds[i].name);
        json_text(&s->json, s->odds[i].what);
        free(s->odds[i].name);
    }
    json_close(&s->json);
    free(s->odds);
    s->odds = NULL;
    s->odds_n = 0;
}

static void close_call(struct stream *s) {
    if (s->timestamp == NULL) {
        return;
    }
    char time[ROWS_TIME_BYTES];
    rows_time(s->timestamp, time);
    json_key(&s->json, "timestamp");
    json_text(&s->json, time);
    json_key(&s->json, "rank");
    json_number(&s->json, s->rank);
    if (s->odds_n > 0) {
        put_odds(s);
    }
    json_close(&s->json);
    if (s->ctx->lines) {
        json_end(&s->json);
    }
    free(s->timestamp);
    free(s->rank);
    s->timestamp = NULL;
}

static void open_call(struct stream *s, const struct pg_rows *rows, int row) {
    s->timestamp = need(strdup(pg_text(rows, row, TIMESTAMP)));
    s->rank = need(strdup(pg_text(rows, row, RANK)));
    if (s->ctx->lines) {
        json_init(&s->json, s->ctx->out, JSON_LINE);
    }
    json_open(&s->json, '{');
}

static void put_value(struct stream *s, const struct pg_rows *rows, int row) {
    const char *name = pg_text(rows, row, METRIC);
    const char *what = rows_nonfinite(rows, row, VALUE);
    json_key(&s->json, name);
    rows_json_value(&s->json, rows, row, VALUE);
    if (what != NULL) {
        s->odds = need(realloc(s->odds, (s->odds_n + 1) * sizeof *s->odds));
        s->odds[s->odds_n++] = (struct odd){.name = need(strdup(name)), .what = what};
    }
}

static bool each(void *context, const struct pg_rows *rows) {
    struct stream *s = context;
    if (!s->started) {
        start(s, rows);
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        const int64_t position = pg_int(rows, i, POSITION);
        s->any = true;
        s->has_more = pg_text(rows, i, HAS_MORE)[0] == 't';
        if (s->out != NULL) {
            rows_out(s->out, rows, i, &s->columns);
            continue;
        }
        if (s->timestamp == NULL || position <= s->position) {
            close_call(s);
            open_call(s, rows, i);
        }
        s->position = position;
        put_value(s, rows, i);
    }
    return true;
}

static void finish_document(struct stream *s) {
    json_close(&s->json);
    json_key(&s->json, "has_more");
    json_bool(&s->json, s->has_more);
    if (s->has_more) {
        json_key(&s->json, "more");
        json_text(&s->json, more);
    }
    json_key(&s->json, "run_id");
    json_text(&s->json, s->run->id);
    ctx_json_close(&s->json);
}

static void finish(struct stream *s) {
    if (s->out != NULL) {
        out_end(s->out);
        out_free(s->out);
        if (!s->any) {
            ctx_remark(s->ctx, "No system metrics found.");
        }
    } else {
        close_call(s);
    }
    if (s->ctx->json && !s->ctx->lines) {
        finish_document(s);
    } else if (s->has_more) {
        ctx_note("There are older ones: %s.", more);
    }
}

/* After an error: what has arrived stays as it is. */
static void discard(struct stream *s) {
    out_free(s->out);
    for (size_t i = 0; i < s->odds_n; i++) {
        free(s->odds[i].name);
    }
    free(s->odds);
    free(s->timestamp);
    free(s->rank);
}

static enum exit_code show(struct ctx *ctx, const struct run *run) {
    struct stream s = {.ctx = ctx, .run = run};
    struct since since;
    since_read(args_text(ctx->args, "since"), &since);
    const bool all = args_int(ctx->args, "limit") == 0;
    const struct pg_param params[] = {db_text(run->id),
                                      db_text(args_text(ctx->args, "metric")),
                                      db_text(args_text(ctx->args, "rank")),
                                      since.time,
                                      since.ago,
                                      db_text(all ? NULL : args_text(ctx->args, "limit"))};
    const enum exit_code code = db_stream(ctx, sql_get_system_metrics, 6, params, each, &s);
    if (code == EXIT_OK) {
        finish(&s);
    } else {
        discard(&s);
    }
    return db_explain_time(ctx, code, "since");
}

enum exit_code cmd_get_system_metric(struct ctx *ctx) {
    struct run run;
    enum exit_code code = find_run(ctx, &run);
    if (code != EXIT_OK) {
        return code;
    }
    if (args_given(ctx->args, "metric")) {
        code = find_metric(ctx, &run, "system");
    }
    if (code == EXIT_OK) {
        code = show(ctx, &run);
    }
    find_run_free(&run);
    return code;
}
