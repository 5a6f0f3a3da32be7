/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/state_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/counters.h"
#include "collector/param.h"
#include "collector_sql.h"

struct position { /* of the metrics lane in PostgreSQL */
    int64_t last_seq;
    int64_t state_seq;
    int64_t committed; /* calls */
};

static enum err lock_producer(struct pg *pg, struct state_read *read, struct position *out,
                              struct why *why) {
    struct param_i64 run;
    const struct pg_param params[] = {param_i64((int64_t)read->run_id, &run),
                                      param_uuid(&read->producer)};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, lock_producer, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    read->found = pg_rows_n(rows) > 0;
    if (read->found) {
        *out = (struct position){pg_int(rows, 0, 0), pg_int(rows, 0, 1), pg_int(rows, 0, 2)};
    }
    pg_rows_free(rows);
    return ERR_OK;
}

static enum err rebuild(struct pg *pg, const struct state_read *read, bool from_all,
                        int64_t *out_calls, struct why *why) {
    struct param_i64 run;
    struct param_i64 rank;
    struct param_i64 attempt;
    const struct pg_param params[] = {param_i64((int64_t)read->run_id, &run),
                                      param_i64(read->rank, &rank),
                                      param_i64(read->attempt, &attempt), param_bool(from_all)};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, rebuild_run_state, params, &rows, why);
    if (err != ERR_OK) {
        /* Trying again would take as long: not for the retry policy. */
        return strcmp(pg_sqlstate(pg), "57014") == 0 ? ERR_TOO_LONG : err;
    }
    *out_calls = pg_int(rows, 0, 0);
    pg_rows_free(rows);
    return ERR_OK;
}

static enum err mark_state(struct pg *pg, const struct state_read *read, struct why *why) {
    struct param_i64 run;
    const struct pg_param params[] = {param_i64((int64_t)read->run_id, &run),
                                      param_uuid(&read->producer)};
    return PARAM_RUN(pg, mark_state, params, NULL, why);
}

static enum err catch_up(struct pg *pg, const struct state_read *read,
                         const struct position *position, struct why *why) {
    int64_t calls = 0;
    enum err err = pg_run(pg, "set local statement_timeout = '20s'", why);
    if (err == ERR_OK) {
        err = rebuild(pg, read, false, &calls, why);
    }
    if (err == ERR_OK && calls != position->committed) {
        err = rebuild(pg, read, true, &calls, why);
    }
    return err == ERR_OK ? mark_state(pg, read, why) : err;
}

/* Fills values[0..n) from an array's text, "{1.5,NaN,-Infinity}"; NaN where it has fewer. */
static void parse_values(const char *text, uint32_t n, double *values) {
    const char *at = text[0] == '{' ? text + 1 : text;
    for (uint32_t i = 0; i < n; i++) {
        char *end = NULL;
        const double value = strtod(at, &end);
        values[i] = end == at ? NAN : value;
        at = *end == ',' ? end + 1 : end;
    }
}

static void load_row(struct run_state *state, const struct pg_rows *rows, int i) {
    const int64_t columns = pg_int(rows, i, 5);
    if (columns < 1 || columns > WIRE_KEYSET_COLUMNS_MAX) {
        return; /* not ours: no emitter can send such a keyset */
    }
    struct run_state_row *row =
        run_state_load(state, (uint64_t)pg_int(rows, i, 0), (uint32_t)columns);
    row->calls = pg_int(rows, i, 1);
    row->first_step = pg_int(rows, i, 2);
    row->last_step = pg_int(rows, i, 3);
    row->last_time_us = pg_int(rows, i, 4);
    parse_values(pg_text(rows, i, 6), row->columns, row->last);
    parse_values(pg_text(rows, i, 7), row->columns, row->minimum);
    parse_values(pg_text(rows, i, 8), row->columns, row->maximum);
}

static enum err load(struct pg *pg, struct state_read *read, struct why *why) {
    struct param_i64 run;
    struct param_i64 rank;
    struct param_i64 attempt;
    const struct pg_param params[] = {param_i64((int64_t)read->run_id, &run),
                                      param_i64(read->rank, &rank),
                                      param_i64(read->attempt, &attempt)};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, load_run_state, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    read->state = run_state_new();
    for (int i = 0; i < pg_rows_n(rows); i++) {
        load_row(read->state, rows, i);
    }
    pg_rows_free(rows);
    return ERR_OK;
}

static enum err step(struct pg *pg, void *context, struct why *why) {
    struct state_read *read = context;
    struct position position = {0};
    run_state_free(read->state); /* of an attempt whose commit failed */
    read->state = NULL;
    enum err err = pg_run(pg, "begin", why);
    if (err == ERR_OK) {
        err = lock_producer(pg, read, &position, why);
    }
    const bool behind = position.state_seq < position.last_seq;
    if (err == ERR_OK && behind) {
        err = catch_up(pg, read, &position, why);
    }
    if (err == ERR_OK && read->found && read->wanted) {
        err = load(pg, read, why);
    }
    if (err == ERR_OK) {
        err = pg_run(pg, "commit", why);
    }
    if (err == ERR_OK) {
        counters_add(COUNTER_state_rebuilds, behind);
        read->last_seq = (uint64_t)position.last_seq;
    }
    return err;
}

enum err state_read_run(struct dbconn *conn, struct state_read *read, struct why *why) {
    const enum err err = dbconn_run(conn, step, read, why);
    if (err != ERR_OK) {
        run_state_free(read->state);
        read->state = NULL;
    }
    counters_add(COUNTER_state_failures, err == ERR_TOO_LONG);
    return err;
}

struct finding {
    int quiet_s;
    size_t max;
    struct state_read *out;
    size_t n;
};

/* A uuid's text, 36 characters of hex and dashes. */
static void parse_id(const char *text, struct wire_id *out) {
    size_t digits = 0;
    for (; *text && digits < 2 * sizeof out->bytes; text++) {
        if (*text != '-') {
            const uint8_t digit = (uint8_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
            uint8_t *byte = &out->bytes[digits++ / 2];
            *byte = (uint8_t)(*byte << 4 | digit);
        }
    }
}

static enum err find_step(struct pg *pg, void *context, struct why *why) {
    struct finding *finding = context;
    struct param_i64 max;
    struct param_i64 quiet;
    const struct pg_param params[] = {param_i64((int64_t)finding->max, &max),
                                      param_i64(finding->quiet_s, &quiet)};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, find_stale_states, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    finding->n = 0;
    for (int i = 0; i < pg_rows_n(rows); i++) {
        struct state_read *read = &finding->out[finding->n++];
        *read = (struct state_read){.run_id = (uint64_t)pg_int(rows, i, 0),
                                    .rank = (uint32_t)pg_int(rows, i, 2),
                                    .attempt = (uint32_t)pg_int(rows, i, 3)};
        parse_id(pg_text(rows, i, 1), &read->producer);
    }
    pg_rows_free(rows);
    return ERR_OK;
}

enum err state_read_find(struct dbconn *conn, int quiet_s, size_t max, struct state_read *out,
                         size_t *out_n, struct why *why) {
    struct finding finding = {.quiet_s = quiet_s, .max = max, .out = out};
    const enum err err = dbconn_run(conn, find_step, &finding, why);
    if (err == ERR_OK) {
        *out_n = finding.n;
    }
    return err;
}
