/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/db.h"
#include "cli_sql.h"
#include "schema/wire/clock.h"

#define ROWS_FIRST     256
#define ROWS_MIN       16
#define ROWS_MAX       16384
#define TRANSACTION_NS (50 * CLOCK_NS_PER_MS) /* that one should take */
#define TELL_NS        (2 * CLOCK_NS_PER_S)
#define RUNS_AT_ONCE   "100"   /* of a project: looked up, and then deleted one by one */
#define STILL_IN_USE   "23503" /* SQLSTATE of a foreign key: something new points at it */
#define NUMBER_BYTES   24

/* What goes with a run, in this order: first those without whom nothing can be added to the rest.
 */
static const struct step {
    const char *sql;
    bool from_place; /* takes and gives the place where it goes on */
    bool blocks;
} steps[] = {
    {sql_delete_producers, false, false},  {sql_delete_blocks, true, true},
    {sql_delete_rollups, true, false},     {sql_delete_compacted, true, false},
    {sql_delete_alerts, true, false},      {sql_delete_gaps, false, false},
    {sql_delete_quarantine, false, false}, {sql_delete_states, true, false},
    {sql_delete_series, false, false},     {sql_delete_attempts, false, false},
};

#define PLACE_NUMBERS 3
struct place {
    char text[PLACE_NUMBERS][NUMBER_BYTES];
};

enum exit_code erase_start(struct ctx *ctx, int64_t blocks_total, struct erase *out) {
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_erase_setup, 0, NULL, &rows);
    pg_rows_free(rows);
    if (code == EXIT_OK) {
        *out = (struct erase){.ctx = ctx,
                              .blocks_total = blocks_total,
                              .told_ns = clock_mono_ns(),
                              .rows = ROWS_FIRST};
    }
    return code;
}

static enum exit_code go_on_later(struct ctx *ctx, enum exit_code code) {
    return ctx_hint(ctx, code,
                    "What is deleted so far stays deleted; the same command goes on from there.");
}

static enum exit_code query(struct erase *erase, const char *sql, int n,
                            const struct pg_param *params, struct pg_rows **out_rows) {
    const enum exit_code code = db_query(erase->ctx, sql, n, params, out_rows);
    return code == EXIT_OK ? EXIT_OK : go_on_later(erase->ctx, code);
}

/* The first field of the answer is a yes. */
static enum exit_code query_bool(struct erase *erase, const char *sql, const char *id,
                                 bool *out_yes) {
    const struct pg_param params[] = {db_text(id)};
    struct pg_rows *rows = NULL;
    const enum exit_code code = query(erase, sql, 1, params, &rows);
    if (code == EXIT_OK) {
        *out_yes = pg_text(rows, 0, 0)[0] == 't';
    }
    pg_rows_free(rows);
    return code;
}

/* The next transaction takes as many rows as fit into its time, as the latest went. */
static void adapt(struct erase *erase, int64_t took_ns) {
    if (took_ns > TRANSACTION_NS && erase->rows > ROWS_MIN) {
        erase->rows /= 2;
    } else if (took_ns < TRANSACTION_NS / 2 && erase->rows < ROWS_MAX) {
        erase->rows *= 2;
    }
}

static void tell(struct erase *erase) {
    const int64_t now_ns = clock_mono_ns();
    if (now_ns - erase->told_ns >= TELL_NS && isatty(STDERR_FILENO) == 1) {
        ctx_note("%" PRId64 " of %" PRId64 " blocks are deleted.", erase->blocks,
                 erase->blocks_total);
        erase->told_ns = now_ns;
    }
}

static void first_place(struct place *out) {
    for (int i = 0; i < PLACE_NUMBERS; i++) {
        snprintf(out->text[i], NUMBER_BYTES, "%" PRId64, INT64_MIN);
    }
}

static void take_place(struct place *place, const struct pg_rows *rows) {
    for (int i = 0; i < PLACE_NUMBERS; i++) {
        snprintf(place->text[i], NUMBER_BYTES, "%s", pg_text(rows, 0, 1 + i));
    }
}

/* One transaction. *out_found: how many rows it took. */
static enum exit_code delete_some(struct erase *erase, const char *sql, const char *id,
                                  struct place *place, int64_t *out_found) {
    char count[NUMBER_BYTES];
    snprintf(count, sizeof count, "%" PRId64, erase->rows);
    struct pg_param params[2 + PLACE_NUMBERS] = {db_text(id), db_text(count)};
    for (int i = 0; place != NULL && i < PLACE_NUMBERS; i++) {
        params[2 + i] = db_text(place->text[i]);
    }
    struct pg_rows *rows = NULL;
    const int64_t began_ns = clock_mono_ns();
    const enum exit_code code = query(erase, sql, place != NULL ? 5 : 2, params, &rows);
    if (code == EXIT_OK) {
        adapt(erase, clock_mono_ns() - began_ns);
        *out_found = pg_rows_n(rows) > 0 ? pg_int(rows, 0, 0) : 0;
    }
    if (code == EXIT_OK && place != NULL && *out_found > 0) {
        take_place(place, rows);
    }
    pg_rows_free(rows);
    return code;
}

static enum exit_code delete_all(struct erase *erase, const struct step *step, const char *id) {
    struct place place;
    int64_t found = 1;
    enum exit_code code = EXIT_OK;
    first_place(&place);
    erase->rows = ROWS_FIRST; /* rows of another table take another time */
    while (code == EXIT_OK && found > 0) {
        code = delete_some(erase, step->sql, id, step->from_place ? &place : NULL, &found);
        if (code == EXIT_OK && step->blocks) {
            erase->blocks += found;
            tell(erase);
        }
    }
    return code;
}

static enum exit_code delete_marked(struct erase *erase, const char *run_id) {
    bool left = true;
    enum exit_code code = EXIT_OK;
    while (code == EXIT_OK && left) {
        for (size_t i = 0; code == EXIT_OK && i < sizeof steps / sizeof *steps; i++) {
            code = delete_all(erase, &steps[i], run_id);
        }
        if (code == EXIT_OK) {
            code = query_bool(erase, sql_delete_run, run_id, &left);
        }
    }
    return code;
}

enum exit_code erase_run(struct erase *erase, const char *run_id, struct erase_seen seen,
                         bool *out_gone_on) {
    const struct pg_param params[] = {db_text(run_id), db_text(seen.state),
                                      db_text(seen.last_seen)};
    struct pg_rows *rows = NULL;
    const enum exit_code code = query(erase, sql_mark_run, 3, params, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    const bool there = pg_text(rows, 0, 0)[0] == 't';
    const bool marked = pg_text(rows, 0, 1)[0] == 't';
    pg_rows_free(rows);
    *out_gone_on = there && !marked;
    return marked ? delete_marked(erase, run_id) : EXIT_OK;
}

static enum exit_code delete_runs(struct erase *erase, const struct pg_rows *runs) {
    enum exit_code code = EXIT_OK;
    for (int row = 0; code == EXIT_OK && row < pg_rows_n(runs); row++) {
        bool gone_on = false;
        code = erase_run(erase, pg_text(runs, row, 0), (struct erase_seen){0}, &gone_on);
    }
    return code;
}

/* The runs that a project has now. */
static enum exit_code empty_project(struct erase *erase, const char *project_id) {
    const struct pg_param params[] = {db_text(project_id), db_text(RUNS_AT_ONCE)};
    struct pg_rows *runs = NULL;
    bool more = true;
    enum exit_code code = EXIT_OK;
    while (code == EXIT_OK && more) {
        code = query(erase, sql_list_project_runs, 2, params, &runs);
        if (code == EXIT_OK) {
            more = pg_rows_n(runs) > 0;
            code = delete_runs(erase, runs);
        }
        pg_rows_free(runs);
        runs = NULL;
    }
    return code;
}

/* *out_left: something was added meanwhile. */
static enum exit_code delete_project(struct erase *erase, const char *project_id, bool *out_left) {
    struct ctx *ctx = erase->ctx;
    const struct pg_param params[] = {db_text(project_id)};
    struct pg_rows *rows = NULL;
    struct why why = {""};
    const enum err err = pg_query(ctx->pg, sql_delete_project, 1, params, &rows, &why);
    const bool in_use = err != ERR_OK && strcmp(pg_sqlstate(ctx->pg), STILL_IN_USE) == 0;
    if (err == ERR_OK || in_use) {
        *out_left = in_use || pg_text(rows, 0, 0)[0] == 't';
        pg_rows_free(rows);
        return EXIT_OK;
    }
    return go_on_later(ctx, db_fail(ctx, err, &why));
}

enum exit_code erase_project(struct erase *erase, const char *project_id) {
    static const struct step messages = {sql_delete_messages, false, false};
    const struct pg_param params[] = {db_text(project_id)};
    struct pg_rows *rows = NULL;
    bool left = true;
    enum exit_code code = query(erase, sql_mark_project, 1, params, &rows);
    pg_rows_free(rows);
    while (code == EXIT_OK && left) {
        code = empty_project(erase, project_id);
        if (code == EXIT_OK) {
            code = delete_all(erase, &messages, project_id);
        }
        if (code == EXIT_OK) {
            code = delete_project(erase, project_id, &left);
        }
    }
    return code;
}
