/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/state_store.h"

#include <stdlib.h>
#include <string.h>

#include "collector/counters.h"
#include "collector/state_read.h"
#include "collector/statement.h"
#include "collector_sql.h"

#define FLUSH_PRODUCERS_MAX 512    /* about 10 ms at ten metrics each */
#define FLUSH_VALUES_MAX    262144 /* of one statement: 3 MiB an array */
#define REPAIRS_MAX         16
#define QUIET_S             5 /* before a producer counts as left behind */

struct state_store {
    struct dbconn *conn;
    struct roster *roster;
    struct statement advance, rows, touch;
    struct producer *producers[FLUSH_PRODUCERS_MAX]; /* of this flush, in lock order */
    bool written[FLUSH_PRODUCERS_MAX];
    size_t n;
    uint64_t round;
    bool repair_off; /* a repair took too long; not tried again by this process */
};

struct state_store *state_store_new(struct dbconn *conn, struct roster *roster) {
    static const enum pgarray_type advance[] = {PGARRAY_INT8, PGARRAY_UUID, PGARRAY_INT8};
    static const enum pgarray_type rows[] = {
        PGARRAY_INT8,   PGARRAY_INT8,   PGARRAY_INT4,        PGARRAY_INT4, PGARRAY_INT8,
        PGARRAY_INT8,   PGARRAY_INT8,   PGARRAY_TIMESTAMPTZ, PGARRAY_INT4, PGARRAY_INT4,
        PGARRAY_FLOAT8, PGARRAY_FLOAT8, PGARRAY_FLOAT8};
    struct state_store *store = calloc(1, sizeof *store);
    if (!store) {
        abort();
    }
    store->conn = conn;
    store->roster = roster;
    store->round = 1; /* a new producer has been in none */
    statement_init(&store->advance, "advance_state", sql_advance_state, 3, advance);
    statement_init(&store->rows, "store_run_state", sql_store_run_state, 13, rows);
    statement_init(&store->touch, "touch_runs", sql_touch_runs, 1, advance);
    return store;
}

void state_store_free(struct state_store *store) {
    if (store) {
        statement_fini(&store->advance);
        statement_fini(&store->rows);
        statement_fini(&store->touch);
        free(store);
    }
}

static int compare(const void *left, const void *right) {
    const struct producer *a = *(struct producer *const *)left;
    const struct producer *b = *(struct producer *const *)right;
    if (a->run_id != b->run_id) {
        return a->run_id < b->run_id ? -1 : 1;
    }
    return memcmp(&a->id, &b->id, sizeof a->id);
}

/* Claims the producers whose state in memory is the whole: written[] tells which. The claim's
 * arrays hold a part of the producers only: claimed[] leads back. */
static enum err claim(struct state_store *store, struct pg *pg, struct why *why) {
    size_t claimed[FLUSH_PRODUCERS_MAX] = {0};
    size_t n = 0;
    struct pgarray *a = store->advance.arrays;
    for (size_t i = 0; i < store->n; i++) {
        const struct producer *producer = store->producers[i];
        store->written[i] = false;
        if (producer->state_dirty && producer->state) {
            claimed[n++] = i;
            pgarray_put_i64(&a[0], (int64_t)producer->run_id);
            pgarray_put_bytes(&a[1], producer->id.bytes, sizeof producer->id.bytes);
            pgarray_put_i64(&a[2], (int64_t)producer->last_seq[WIRE_LANE_METRICS]);
        }
    }
    struct pg_rows *rows = NULL;
    const enum err err = statement_send(&store->advance, pg, &rows, why);
    for (int row = 0; err == ERR_OK && row < pg_rows_n(rows); row++) {
        store->written[claimed[pg_int(rows, row, 0)]] = true;
    }
    pg_rows_free(rows);
    return err;
}

static void put_values(struct pgarray *array, const double *values, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        int64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        pgarray_put_i64(array, bits);
    }
}

static void put_row(struct statement *statement, const struct producer *producer,
                    const struct run_state_row *row) {
    struct pgarray *a = statement->arrays;
    const int32_t low = (int32_t)a[10].n + 1;
    pgarray_put_i64(&a[0], (int64_t)producer->run_id);
    pgarray_put_i64(&a[1], (int64_t)row->keyset_id);
    pgarray_put_i32(&a[2], (int32_t)producer->rank);
    pgarray_put_i32(&a[3], (int32_t)producer->attempt);
    pgarray_put_i64(&a[4], row->calls);
    pgarray_put_i64(&a[5], row->first_step);
    pgarray_put_i64(&a[6], row->last_step);
    pgarray_put_i64(&a[7], row->last_time_us);
    pgarray_put_i32(&a[8], low);
    pgarray_put_i32(&a[9], low + (int32_t)row->columns - 1);
    put_values(&a[10], row->last, row->columns);
    put_values(&a[11], row->minimum, row->columns);
    put_values(&a[12], row->maximum, row->columns);
}

static enum err write_state(struct state_store *store, struct pg *pg,
                            const struct producer *producer, struct why *why) {
    const struct run_state_row *row = run_state_next(producer->state, NULL);
    enum err err = ERR_OK;
    for (; row && err == ERR_OK; row = run_state_next(producer->state, row)) {
        if (row->dirty) {
            put_row(&store->rows, producer, row);
        }
        if (store->rows.arrays[10].n >= FLUSH_VALUES_MAX) {
            err = statement_send(&store->rows, pg, NULL, why);
        }
    }
    return err;
}

static enum err touch_runs(struct state_store *store, struct pg *pg, struct why *why) {
    uint64_t previous = 0;
    for (size_t i = 0; i < store->n; i++) { /* in the order of their runs */
        const struct producer *producer = store->producers[i];
        const bool first = statement_rows(&store->touch) == 0 || producer->run_id != previous;
        if (producer->seen && first) {
            pgarray_put_i64(&store->touch.arrays[0], (int64_t)producer->run_id);
            previous = producer->run_id;
        }
    }
    return statement_send_if(&store->touch, pg, 1, why);
}

static enum err flush_step(struct pg *pg, void *context, struct why *why) {
    struct state_store *store = context;
    statement_clear(&store->advance); /* an attempt that failed may have left them half full */
    statement_clear(&store->rows);
    statement_clear(&store->touch);
    enum err err = pg_run(pg, "begin", why);
    if (err == ERR_OK) {
        err = claim(store, pg, why);
    }
    for (size_t i = 0; i < store->n && err == ERR_OK; i++) {
        err = store->written[i] ? write_state(store, pg, store->producers[i], why) : ERR_OK;
    }
    if (err == ERR_OK) {
        err = statement_send_if(&store->rows, pg, 1, why);
    }
    if (err == ERR_OK) {
        err = touch_runs(store, pg, why);
    }
    if (err == ERR_OK) {
        err = pg_prepared(pg, "notify_runs", sql_notify_runs, 0, NULL, NULL, why);
    }
    return err == ERR_OK ? pg_run(pg, "commit", why) : err;
}

static void settle(struct state_store *store, size_t i) {
    struct producer *producer = store->producers[i];
    producer->seen = false;
    producer->state_round = store->round;
    if (store->written[i]) {
        struct run_state_row *row = run_state_next(producer->state, NULL);
        for (; row; row = run_state_next(producer->state, row)) {
            row->dirty = false;
        }
        producer->state_dirty = false;
    } else if (producer->state_dirty) {
        roster_set_state(store->roster, producer, NULL); /* another collector got further */
    }
}

enum err state_store_flush(struct state_store *store, enum state_scope scope,
                           enum state_left *out_left, struct why *why) {
    const enum state_left left = state_round_choose(
        store->roster, scope, store->round, FLUSH_PRODUCERS_MAX, store->producers, &store->n);
    qsort(store->producers, store->n, sizeof(struct producer *), compare);
    if (store->n > 0) {
        const enum err err = dbconn_run(store->conn, flush_step, store, why);
        if (err != ERR_OK) {
            return err;
        }
        counters_add(COUNTER_state_flushes, 1);
        for (size_t i = 0; i < store->n; i++) {
            settle(store, i);
        }
    }
    if (scope == STATE_ROUND && left != STATE_LEFT_NOW) {
        store->round++;
    }
    *out_left = left;
    return ERR_OK;
}

static struct producer *find_stranger(const struct state_store *store) {
    struct producer *producer = roster_next(store->roster, NULL);
    while (producer && !(producer->state_dirty && !producer->state)) {
        producer = roster_next(store->roster, producer);
    }
    return producer;
}

enum err state_store_refresh(struct state_store *store, bool *out_more, struct why *why) {
    struct producer *producer = find_stranger(store);
    if (!producer) {
        *out_more = false;
        return ERR_OK;
    }
    struct state_read read = {.run_id = producer->run_id,
                              .producer = producer->id,
                              .rank = producer->rank,
                              .attempt = producer->attempt,
                              .wanted = true};
    const enum err err = state_read_run(store->conn, &read, why);
    if (err == ERR_TOO_LONG) {
        producer->state_lost = true;
        producer->state_dirty = false;
    } else if (err != ERR_OK) {
        return err;
    } else if (!read.found) {
        roster_remove(store->roster, producer); /* its run was deleted */
    } else {
        producer->last_seq[WIRE_LANE_METRICS] = read.last_seq;
        producer->state_dirty = false;
        roster_set_state(store->roster, producer, read.state);
    }
    *out_more = true;
    return ERR_OK;
}

enum err state_store_repair(struct state_store *store, bool *out_more, struct why *why) {
    struct state_read left_behind[REPAIRS_MAX];
    size_t n = 0;
    *out_more = false;
    if (store->repair_off) {
        return ERR_OK;
    }
    enum err err = state_read_find(store->conn, QUIET_S, REPAIRS_MAX, left_behind, &n, why);
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        err = state_read_run(store->conn, &left_behind[i], why);
    }
    store->repair_off = err == ERR_TOO_LONG;
    if (err != ERR_OK && err != ERR_TOO_LONG) {
        return err;
    }
    *out_more = err == ERR_OK && n == REPAIRS_MAX;
    return ERR_OK;
}
