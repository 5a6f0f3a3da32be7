/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/join.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/compact/calls.h"
#include "collector/compact/keep.h"
#include "collector/compact/plan.h"
#include "collector/param.h"
#include "collector_sql.h"

#define PLACE_CHARS_MAX 24 /* "(4294967295,65535)", quoted, with a comma */
#define FROM_THE_START  INT64_MIN

struct join {
    struct pg *pg; /* of the transaction, and the rest as well */
    const struct series *series;
    struct keep_owner owner;
    int64_t from_step; /* where blocks were looked for */
    int64_t pending;   /* calls that should be found, as the state knows */
    size_t n;
    struct plan_block blocks[PLAN_BLOCKS_MAX];
    char places[PLAN_BLOCKS_MAX][PLACE_CHARS_MAX];
    struct plan plan;
    struct calls *joined; /* of the segment at hand */
    struct calls *fresh;  /* of all segments: not rolled before */
    int64_t taken;        /* blocks that came of the segment */
    int64_t latest_step;  /* at which the latest block of the latest segment begins */
    bool broken;
    struct keep *keep;
    struct buf names; /* tid[] as text */
    struct join_result result;
};

struct join *join_new(void) {
    struct join *join = calloc(1, sizeof *join);
    if (join == NULL) {
        abort();
    }
    join->keep = keep_new();
    buf_init(&join->names, sizeof join->places + 2);
    return join;
}

void join_free(struct join *join) {
    if (join != NULL) {
        keep_free(join->keep);
        buf_fini(&join->names);
        free(join);
    }
}

/* What to do. */

/* out_ours: the run is there, and the series is claimed. */
static enum err claim(struct join *join, bool *out_ours, struct why *why) {
    const struct pg_param *params = join->owner.params;
    struct pg_rows *rows = NULL;
    *out_ours = false;
    enum err err = pg_prepared(join->pg, "hold_run", sql_hold_run, 1, params, &rows, why);
    const bool there = err == ERR_OK && pg_rows_n(rows) > 0;
    pg_rows_free(rows);
    rows = NULL;
    if (there) {
        err = pg_prepared(join->pg, "insert_compacted", sql_insert_compacted, KEEP_OWNER_PARAMS,
                          params, NULL, why);
    }
    if (there && err == ERR_OK) {
        err = pg_prepared(join->pg, "claim_series", sql_claim_series, KEEP_OWNER_PARAMS, params,
                          &rows, why);
    }
    if (rows != NULL && pg_rows_n(rows) > 0) {
        *out_ours = true;
        join->from_step = pg_int(rows, 0, 0);
        join->pending = pg_int(rows, 0, 1);
    }
    pg_rows_free(rows);
    return err;
}

static enum err list_blocks(struct join *join, struct why *why) {
    enum { PLACE, FIRST_STEP, CALLS, ROLLED };
    struct param_i64 room[3];
    struct pg_param params[KEEP_OWNER_PARAMS + 3];
    memcpy(params, join->owner.params, sizeof join->owner.params);
    params[KEEP_OWNER_PARAMS] = param_i64(join->from_step, &room[0]);
    params[KEEP_OWNER_PARAMS + 1] = param_i64(plan_small(join->series->columns), &room[1]);
    params[KEEP_OWNER_PARAMS + 2] = param_i64(PLAN_BLOCKS_MAX, &room[2]);
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(join->pg, list_open_blocks, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    join->n = (size_t)pg_rows_n(rows);
    for (size_t i = 0; i < join->n; i++) {
        const int row = (int)i;
        join->blocks[i] = (struct plan_block){.first_step = pg_int(rows, row, FIRST_STEP),
                                              .calls = (uint32_t)pg_int(rows, row, CALLS),
                                              .rolled = pg_text(rows, row, ROLLED)[0] == 't'};
        snprintf(join->places[i], PLACE_CHARS_MAX, "\"%s\"", pg_text(rows, row, PLACE));
    }
    pg_rows_free(rows);
    return ERR_OK;
}

/* Doing it. */

static void append(struct buf *buf, const char *text) {
    if (buf_append(buf, text, strlen(text)) != ERR_OK) {
        abort(); /* it has room for all places */
    }
}

static struct pg_param names_of(struct join *join, const struct plan_segment *segment) {
    buf_clear(&join->names);
    for (size_t i = segment->begin; i < segment->end; i++) {
        append(&join->names, i == segment->begin ? "{" : ",");
        append(&join->names, join->places[i]);
    }
    append(&join->names, "}");
    return param_text((struct str){(const char *)join->names.ptr, join->names.len});
}

static bool take_block(void *context, const struct pg_rows *rows) {
    enum { ROLLED, STEPS, TIMES, VALUES };
    struct join *join = context;
    for (int i = 0; i < pg_rows_n(rows) && !join->broken; i++) {
        struct binary_array steps;
        struct binary_array times;
        struct binary_array values;
        const bool rolled = binary_int(rows, i, ROLLED, 0) != 0;
        join->broken = !binary_array(rows, i, STEPS, &steps) ||
                       !binary_array(rows, i, TIMES, &times) ||
                       !binary_array(rows, i, VALUES, &values) ||
                       !calls_add(join->joined, &steps, &times, &values) ||
                       (!rolled && !calls_add(join->fresh, &steps, &times, &values));
        join->taken++;
    }
    return !join->broken;
}

static enum err take(struct join *join, const struct plan_segment *segment, const char *sql,
                     struct why *why) {
    struct param_i64 room[2];
    struct pg_param params[KEEP_OWNER_PARAMS + 3];
    memcpy(params, join->owner.params, sizeof join->owner.params);
    params[KEEP_OWNER_PARAMS] = param_i64(join->blocks[segment->begin].first_step, &room[0]);
    params[KEEP_OWNER_PARAMS + 1] = param_i64(join->blocks[segment->end - 1].first_step, &room[1]);
    params[KEEP_OWNER_PARAMS + 2] = names_of(join, segment);
    calls_clear(join->joined);
    join->taken = 0;
    const enum err err =
        pg_stream_binary(join->pg, sql, KEEP_OWNER_PARAMS + 3, params, take_block, join, why);
    if (err != ERR_OK && !join->broken) {
        return err;
    }
    if (join->broken) {
        return why_set(why, ERR_DB_CONTENT,
                       "a block of run %" PRId64 ", keyset %" PRId64 " holds arrays that do not "
                       "fit together",
                       join->series->run_id, join->series->keyset_id);
    }
    return join->taken == (int64_t)(segment->end - segment->begin)
               ? ERR_OK
               : why_set(why, ERR_DB_RETRY, "blocks went away meanwhile");
}

static enum err replace(struct join *join, const struct plan_segment *segment, struct why *why) {
    enum err err = take(join, segment, sql_take_blocks, why);
    if (err != ERR_OK) {
        return err;
    }
    calls_sort(join->joined);
    const uint32_t n = calls_n(join->joined);
    const uint32_t pieces = plan_pieces(n, join->series->columns);
    for (uint32_t i = 0; i < pieces && err == ERR_OK; i++) {
        const uint32_t begin = (uint32_t)((uint64_t)n * i / pieces);
        const uint32_t end = (uint32_t)((uint64_t)n * (i + 1) / pieces);
        err = keep_block(join->keep, join->pg, &join->owner, join->joined, begin, end, why);
        join->latest_step = calls_step(join->joined, begin);
    }
    join->result.blocks_in += join->taken;
    join->result.blocks_out += pieces;
    return err;
}

static enum err mark(struct join *join, const struct plan_segment *segment, struct why *why) {
    join->latest_step = join->blocks[segment->begin].first_step;
    return take(join, segment, sql_mark_blocks, why);
}

static enum err do_segments(struct join *join, struct why *why) {
    enum err err = ERR_OK;
    for (size_t i = 0; i < join->plan.n && err == ERR_OK; i++) {
        const struct plan_segment *segment = &join->plan.segments[i];
        const bool several = segment->end - segment->begin > 1;
        err = several ? replace(join, segment, why) : mark(join, segment, why);
    }
    return err;
}

static enum err roll_up(struct join *join, struct why *why) {
    if (calls_n(join->fresh) == 0) {
        return ERR_OK;
    }
    calls_sort(join->fresh);
    const uint64_t width = rollup_width(join->fresh);
    enum err err = keep_rollup(join->keep, join->pg, &join->owner, 1, join->fresh, width, why);
    return err == ERR_OK ? keep_rollup(join->keep, join->pg, &join->owner, 2, join->fresh,
                                       rollup_wider(width), why)
                         : err;
}

/* Calls that the state knows and no block holds. Steps that went back are found by looking from the
 * start; what is not there either will never be, and is not looked for again. */
static int64_t missing_calls(const struct join *join) {
    int64_t found = 0;
    for (size_t i = 0; i < join->n; i++) {
        found += join->blocks[i].rolled ? 0 : join->blocks[i].calls;
    }
    const bool all = join->n < PLAN_BLOCKS_MAX;
    return all && found < join->pending ? join->pending - found : 0;
}

static int64_t next_from(const struct join *join, int64_t missing) {
    if (missing > 0 && join->from_step != FROM_THE_START) {
        return FROM_THE_START;
    }
    return join->plan.n > 0 ? join->latest_step : join->from_step;
}

static enum err advance(struct join *join, struct why *why) {
    const int64_t missing = missing_calls(join);
    const bool lost = missing > 0 && join->from_step == FROM_THE_START;
    struct param_i64 room[2];
    struct pg_param params[KEEP_OWNER_PARAMS + 2];
    memcpy(params, join->owner.params, sizeof join->owner.params);
    params[KEEP_OWNER_PARAMS] = param_i64(join->plan.calls + (lost ? missing : 0), &room[0]);
    params[KEEP_OWNER_PARAMS + 1] = param_i64(next_from(join, missing), &room[1]);
    return PARAM_RUN(join->pg, advance_compacted, params, NULL, why);
}

/* The transaction. */

static enum err compact(struct join *join, struct why *why) {
    enum err err = list_blocks(join, why);
    if (err == ERR_OK) {
        plan_make(join->blocks, join->n, join->series->columns, join->series->quiet,
                  CALLS_VALUES_MAX, &join->plan);
        err = do_segments(join, why);
    }
    if (err == ERR_OK) {
        err = roll_up(join, why);
    }
    return err == ERR_OK ? advance(join, why) : err;
}

enum err join_some(struct join *join, struct pg *pg, const struct series *series,
                   struct join_result *out, struct why *why) {
    bool ours = false;
    join->pg = pg;
    join->series = series;
    join->broken = false;
    join->plan.calls = 0;
    join->result = (struct join_result){0};
    keep_own(&join->owner, series);
    join->joined = calls_new(series->columns);
    join->fresh = calls_new(series->columns);
    enum err err = pg_run(pg, "begin", why);
    if (err == ERR_OK) {
        err = claim(join, &ours, why);
    }
    if (err == ERR_OK && ours) {
        err = compact(join, why);
    }
    if (err == ERR_OK) {
        err = pg_run(pg, "commit", why);
    }
    if (err == ERR_OK) {
        join->result.calls = join->plan.calls;
        join->result.points = join->plan.calls * series->columns;
        *out = join->result;
    }
    calls_free(join->joined);
    calls_free(join->fresh);
    return err;
}
