/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/rows.h"
#include "cli/runs.h"
#include "cli/watch.h"
#include "schema/wire/clock.h"

/* Columns of list_runs.sql. */
enum { ID = 0, NAME = 1, STATE = 3, LAST_STEP = 5 };

struct waiting {
    struct ctx *ctx;
    struct conds conds;
    struct run run;         /* of --run; id NULL: not there yet, or none was named */
    struct runs met;        /* the question that was answered with a run, or with the run's end */
    const char *condition;  /* that was met, as it was given; NULL: none */
    struct pg_rows *answer; /* one row: the run; NULL: nothing happened yet */
};

/* The run with which one of the conditions is met. conds: of the question, n of them. */
static enum exit_code ask(struct waiting *w, struct cond *conds, int n, struct pg_rows **out_rows) {
    w->met = (struct runs){.conds = {.n = n, .list = conds},
                           .agg = args_text(w->ctx->args, "agg"),
                           .rank = args_text(w->ctx->args, "rank"),
                           .run = w->run.id};
    if (n > 0 && cond_is_metric(&conds[0])) {
        w->met.metrics[w->met.metrics_n++] = conds[0].name;
    }
    return runs_query(w->ctx, &w->met, 1, out_rows);
}

static enum exit_code look_at(struct waiting *w, int i, bool *out_done) {
    const enum exit_code code = ask(w, &w->conds.list[i], 1, &w->answer);
    if (code != EXIT_OK || pg_rows_n(w->answer) == 0) {
        pg_rows_free(w->answer);
        w->answer = NULL;
        return code;
    }
    w->condition = args_list(w->ctx->args, "for", i);
    *out_done = true;
    return EXIT_OK;
}

/* A run that has ended changes no more: nothing is left to wait for. */
static enum exit_code look_for_end(struct waiting *w, bool *out_done) {
    if (w->run.id == NULL) {
        return EXIT_OK;
    }
    const enum exit_code code = ask(w, NULL, 0, &w->answer);
    if (code == EXIT_OK && pg_rows_n(w->answer) == 1 &&
        strcmp(pg_text(w->answer, 0, STATE), "running") != 0) {
        *out_done = true;
        return EXIT_OK;
    }
    pg_rows_free(w->answer);
    w->answer = NULL;
    return code;
}

/* Whoever starts a job and waits for it may be faster than the job. */
static enum exit_code find(struct waiting *w) {
    if (w->run.id != NULL || !args_given(w->ctx->args, "run")) {
        return EXIT_OK;
    }
    const enum exit_code code = find_run(w->ctx, &w->run);
    if (code == EXIT_NOT_FOUND) {
        ctx_forget(w->ctx);
    }
    return code == EXIT_NOT_FOUND ? EXIT_OK : code;
}

/* Ended first: what it logged last is stored before its end. */
static enum exit_code look(struct ctx *ctx, void *context, bool *out_done) {
    struct waiting *w = context;
    bool ended = false;
    enum exit_code code = find(w);
    (void)ctx;
    if (args_given(w->ctx->args, "run") && w->run.id == NULL) {
        return code;
    }
    if (code == EXIT_OK) {
        code = look_for_end(w, &ended);
    }
    struct pg_rows *end = w->answer;
    w->answer = NULL;
    for (int i = 0; i < w->conds.n && code == EXIT_OK && !*out_done; i++) {
        code = look_at(w, i, out_done);
    }
    if (code == EXIT_OK && ended && !*out_done) {
        w->answer = end;
        *out_done = true;
        return code;
    }
    pg_rows_free(end);
    return code;
}

static void print_document(const struct waiting *w, enum exit_code code) {
    struct json json;
    const struct pg_rows *row = w->answer;
    ctx_json_open(w->ctx, &json);
    json_key(&json, "project");
    json_text(&json, args_text(w->ctx->args, "project"));
    json_key(&json, "run");
    json_text(&json, row != NULL ? pg_text(row, 0, NAME) : args_text(w->ctx->args, "run"));
    json_key(&json, "run_id");
    json_text(&json, row != NULL ? pg_text(row, 0, ID) : w->run.id);
    json_key(&json, "met");
    json_bool(&json, code == EXIT_OK);
    json_key(&json, "condition");
    json_text(&json, w->condition);
    json_key(&json, "state");
    json_text(&json, row != NULL ? pg_text(row, 0, STATE) : NULL);
    json_key(&json, "last_step");
    json_number(&json, row != NULL ? pg_text(row, 0, LAST_STEP) : NULL);
    if (row != NULL) {
        runs_json_metrics(&json, &w->met, row, 0);
    }
    ctx_json_close(&json);
}

static void print_words(const struct waiting *w, enum exit_code code) {
    if (code == EXIT_OK) {
        ctx_note("Run '%s' meets %s.", pg_text(w->answer, 0, NAME), w->condition);
    } else if (code == EXIT_RUN_FAILED) {
        ctx_note("Run '%s' %s without it.", pg_text(w->answer, 0, NAME),
                 strcmp(pg_text(w->answer, 0, STATE), "failed") == 0 ? "failed" : "finished");
    } else {
        ctx_note("It did not happen in %s.", args_text(w->ctx->args, "timeout"));
    }
}

static enum exit_code report(struct waiting *w, enum exit_code code) {
    if (code == EXIT_OK && w->condition == NULL) {
        code = EXIT_RUN_FAILED;
    }
    if (w->ctx->json) {
        print_document(w, code);
    } else {
        print_words(w, code);
    }
    return code;
}

/* The time is over and the run or project was not even there: that is what should be said. */
static enum exit_code explain_timeout(struct waiting *w) {
    struct run run;
    if (w->run.id != NULL) {
        return EXIT_TIMEOUT;
    }
    const bool named = args_given(w->ctx->args, "run");
    const enum exit_code code = named ? find_run(w->ctx, &run) : find_project(w->ctx);
    if (code == EXIT_OK && named) {
        find_run_free(&run);
    }
    return code == EXIT_OK ? EXIT_TIMEOUT : code;
}

enum exit_code cmd_wait(struct ctx *ctx) {
    struct waiting w = {.ctx = ctx};
    const int64_t until_ns = clock_mono_ns() + args_int(ctx->args, "timeout") * CLOCK_NS_PER_S;
    enum exit_code code = conds_read(ctx, "for", &w.conds);
    if (code != EXIT_OK) {
        return code;
    }
    code = watch_until(ctx, WATCH_RUNS, until_ns, look, &w);
    if (code == EXIT_TIMEOUT) {
        code = explain_timeout(&w);
    }
    if (code == EXIT_OK || code == EXIT_TIMEOUT) {
        code = report(&w, code);
    }
    pg_rows_free(w.answer);
    find_run_free(&w.run);
    conds_free(&w.conds);
    return code;
}
