/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/keep.h"

#include <stdlib.h>
#include <string.h>

#include "collector/pgarray.h"
#include "collector_sql.h"

#define ARRAY_BYTES_MAX (CALLS_VALUES_MAX * 12 + 64)

/* The arrays of both tables, in the order of the parameters of insert_rollup.sql; a block has the
 * first three. */
enum array {
    STEPS = 0,
    TIMES,
    VALUES,
    BLOCK_ARRAYS,
    CALLS = 0,
    FIRST_STEPS,
    LAST_STEPS,
    FIRST_TIMES,
    LAST_TIMES,
    MINIMUM,
    MINIMUM_STEPS,
    MAXIMUM,
    MAXIMUM_STEPS,
    SUM,
    LAST,
    ODD,
    ROLLUP_ARRAYS
};

struct keep {
    struct pgarray block[BLOCK_ARRAYS];
    struct pgarray rollup[ROLLUP_ARRAYS];
};

void keep_own(struct keep_owner *out, const struct series *series) {
    const int64_t numbers[KEEP_OWNER_PARAMS] = {series->run_id, series->keyset_id, series->rank,
                                                series->attempt};
    for (int i = 0; i < KEEP_OWNER_PARAMS; i++) {
        out->params[i] = param_i64(numbers[i], &out->room[i]);
    }
}

struct keep *keep_new(void) {
    static const enum pgarray_type block[BLOCK_ARRAYS] = {PGARRAY_INT8, PGARRAY_TIMESTAMPTZ,
                                                          PGARRAY_FLOAT8};
    static const enum pgarray_type rollup[ROLLUP_ARRAYS] = {
        PGARRAY_INT4,        PGARRAY_INT8,   PGARRAY_INT8,   PGARRAY_TIMESTAMPTZ,
        PGARRAY_TIMESTAMPTZ, PGARRAY_FLOAT8, PGARRAY_INT8,   PGARRAY_FLOAT8,
        PGARRAY_INT8,        PGARRAY_FLOAT8, PGARRAY_FLOAT8, PGARRAY_INT4};
    struct keep *keep = calloc(1, sizeof *keep);
    if (keep == NULL) {
        abort();
    }
    for (int i = 0; i < BLOCK_ARRAYS; i++) {
        pgarray_init(&keep->block[i], block[i], ARRAY_BYTES_MAX);
    }
    for (int i = 0; i < ROLLUP_ARRAYS; i++) {
        pgarray_init(&keep->rollup[i], rollup[i], ARRAY_BYTES_MAX);
    }
    return keep;
}

void keep_free(struct keep *keep) {
    if (keep == NULL) {
        return;
    }
    for (int i = 0; i < BLOCK_ARRAYS; i++) {
        pgarray_fini(&keep->block[i]);
    }
    for (int i = 0; i < ROLLUP_ARRAYS; i++) {
        pgarray_fini(&keep->rollup[i]);
    }
    free(keep);
}

static void clear(struct pgarray *arrays, int n) {
    for (int i = 0; i < n; i++) {
        pgarray_clear(&arrays[i]);
    }
}

/* A float8 is put as its bits. */
static void put_f64(struct pgarray *array, double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    pgarray_put_i64(array, bits);
}

/* Numbers and then arrays follow the owner's parameters. */
struct statement_params {
    int n;
    struct param_i64 room[4];
    struct pg_param params[KEEP_OWNER_PARAMS + 4 + ROLLUP_ARRAYS];
};

static void begin_params(struct statement_params *out, const struct keep_owner *owner, int n,
                         const int64_t *numbers) {
    memcpy(out->params, owner->params, sizeof owner->params);
    out->n = KEEP_OWNER_PARAMS;
    for (int i = 0; i < n; i++) {
        out->params[out->n++] = param_i64(numbers[i], &out->room[i]);
    }
}

static void add_arrays(struct statement_params *out, struct pgarray *arrays, int n) {
    for (int i = 0; i < n; i++) {
        out->params[out->n++] = pgarray_param(&arrays[i]);
    }
}

enum err keep_block(struct keep *keep, struct pg *pg, const struct keep_owner *owner,
                    const struct calls *calls, uint32_t begin, uint32_t end, struct why *why) {
    const int64_t numbers[] = {calls_step(calls, begin), calls_step(calls, end - 1)};
    clear(keep->block, BLOCK_ARRAYS);
    for (uint32_t i = begin; i < end; i++) {
        pgarray_put_i64(&keep->block[STEPS], calls_step(calls, i));
        pgarray_put_i64(&keep->block[TIMES], calls_time_us(calls, i));
    }
    for (uint32_t c = 0; c < calls_columns(calls); c++) {
        for (uint32_t i = begin; i < end; i++) {
            pgarray_put_i64(&keep->block[VALUES], calls_bits(calls, i, c));
        }
    }
    struct statement_params all;
    begin_params(&all, owner, 2, numbers);
    add_arrays(&all, keep->block, BLOCK_ARRAYS);
    return pg_prepared(pg, "insert_block", sql_insert_block, all.n, all.params, NULL, why);
}

static void put_bucket(struct pgarray *arrays, const struct rollup_bucket *bucket) {
    pgarray_put_i32(&arrays[CALLS], bucket->calls);
    pgarray_put_i64(&arrays[FIRST_STEPS], bucket->first_step);
    pgarray_put_i64(&arrays[LAST_STEPS], bucket->last_step);
    pgarray_put_i64(&arrays[FIRST_TIMES], bucket->first_time_us);
    pgarray_put_i64(&arrays[LAST_TIMES], bucket->last_time_us);
}

static void put_values(struct pgarray *arrays, const struct rollup_values *values) {
    put_f64(&arrays[MINIMUM], values->minimum);
    pgarray_put_i64(&arrays[MINIMUM_STEPS], values->minimum_step);
    put_f64(&arrays[MAXIMUM], values->maximum);
    pgarray_put_i64(&arrays[MAXIMUM_STEPS], values->maximum_step);
    put_f64(&arrays[SUM], values->sum);
    put_f64(&arrays[LAST], values->last);
    pgarray_put_i32(&arrays[ODD], values->odd);
}

enum err keep_rollup(struct keep *keep, struct pg *pg, const struct keep_owner *owner, int level,
                     const struct calls *calls, uint64_t width, struct why *why) {
    const int64_t numbers[] = {level, (int64_t)width, calls_step(calls, 0),
                               calls_step(calls, calls_n(calls) - 1)};
    struct rollup rollup;
    rollup_init(&rollup, calls, width);
    clear(keep->rollup, ROLLUP_ARRAYS);
    for (uint32_t b = 0; b < rollup.n; b++) {
        put_bucket(keep->rollup, &rollup.buckets[b]);
    }
    for (size_t i = 0; i < (size_t)rollup.n * rollup.columns; i++) {
        put_values(keep->rollup, &rollup.values[i]);
    }
    rollup_fini(&rollup);
    struct statement_params all;
    begin_params(&all, owner, 4, numbers);
    add_arrays(&all, keep->rollup, ROLLUP_ARRAYS);
    return pg_prepared(pg, "insert_rollup", sql_insert_rollup, all.n, all.params, NULL, why);
}
