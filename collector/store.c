/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store.h"

#include <stdlib.h>
#include <string.h>

#include "collector/blockcopy.h"
#include "collector/counters.h"
#include "collector/hello.h"
#include "collector/param.h"
#include "collector/statement.h"
#include "collector_sql.h"
#include "schema/wire/clock.h"

/* A statement's arrays are sent when they have this many elements, so that their memory does not
 * grow with a group of a million tiny items. */
#define ELEMENTS_MAX 16384
#define COPY_BYTES   (256 * 1024)

struct store {
    struct dbconn *conn;
    const struct group *group; /* during one transaction */
    const struct why *aside;   /* NULL, or why the batch of this group goes into quarantine */
    char sqlstate[PG_SQLSTATE_BYTES]; /* of the latest transaction that failed */
    struct statement advance, read, series, gaps, endpoints, alerts, finish;
    int64_t group_wait_ms;
    struct buf copy;
};

struct store *store_new(struct dbconn *conn, int64_t group_wait_ms) {
    static const enum pgarray_type advance[] = {PGARRAY_INT8, PGARRAY_UUID, PGARRAY_INT2,
                                                PGARRAY_INT8, PGARRAY_INT8, PGARRAY_INT8,
                                                PGARRAY_INT8, PGARRAY_INT8, PGARRAY_INT8};
    static const enum pgarray_type series[] = {PGARRAY_INT8, PGARRAY_INT8, PGARRAY_INT4,
                                               PGARRAY_TEXT, PGARRAY_TEXT};
    static const enum pgarray_type gaps[] = {PGARRAY_INT8,        PGARRAY_INT4,       PGARRAY_INT4,
                                             PGARRAY_INT8,        PGARRAY_INT8,       PGARRAY_INT8,
                                             PGARRAY_TIMESTAMPTZ, PGARRAY_TIMESTAMPTZ};
    static const enum pgarray_type alerts[] = {
        PGARRAY_INT8, PGARRAY_INT4, PGARRAY_INT4,        PGARRAY_INT2, PGARRAY_TEXT,
        PGARRAY_TEXT, PGARRAY_INT8, PGARRAY_TIMESTAMPTZ, PGARRAY_TEXT, PGARRAY_INT8};
    static const enum pgarray_type endpoints[] = {PGARRAY_INT8, PGARRAY_TEXT};
    static const enum pgarray_type finish[] = {PGARRAY_INT8, PGARRAY_INT4, PGARRAY_INT4,
                                               PGARRAY_TIMESTAMPTZ, PGARRAY_TEXT};
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        abort();
    }
    store->conn = conn;
    store->group_wait_ms = group_wait_ms;
    statement_init(&store->advance, "advance_producers", sql_advance_producers, 9, advance);
    statement_init(&store->read, "read_producers", sql_read_producers, 3, advance);
    statement_init(&store->series, "insert_series", sql_insert_series, 5, series);
    statement_init(&store->gaps, "insert_gaps", sql_insert_gaps, 8, gaps);
    statement_init(&store->alerts, "insert_alerts", sql_insert_alerts, 10, alerts);
    statement_init(&store->endpoints, "insert_run_endpoints", sql_insert_run_endpoints, 2,
                   endpoints);
    statement_init(&store->finish, "finish_attempts", sql_finish_attempts, 5, finish);
    buf_init(&store->copy, COPY_BYTES + BLOCKCOPY_TUPLE_BYTES_MAX);
    return store;
}

void store_free(struct store *store) {
    if (!store) {
        return;
    }
    statement_fini(&store->advance);
    statement_fini(&store->read);
    statement_fini(&store->series);
    statement_fini(&store->gaps);
    statement_fini(&store->endpoints);
    statement_fini(&store->alerts);
    statement_fini(&store->finish);
    buf_fini(&store->copy);
    free(store);
}

/* The key of producers, in the first three arrays. */
static void put_stream(struct pgarray *a, const struct group_stream *stream) {
    pgarray_put_i64(&a[0], (int64_t)stream->producer->run_id);
    pgarray_put_bytes(&a[1], stream->producer->id.bytes, sizeof stream->producer->id.bytes);
    pgarray_put_i16(&a[2], (int16_t)stream->lane);
}

/* The transaction, part by part. */

static enum err advance_producers(struct store *store, struct pg *pg, struct why *why) {
    struct pgarray *a = store->advance.arrays;
    for (size_t i = 0; i < store->group->n; i++) {
        const struct group_stream *stream = &store->group->streams[i];
        put_stream(a, stream);
        pgarray_put_i64(&a[3], (int64_t)stream->prior);
        pgarray_put_i64(&a[4], (int64_t)stream->last);
        pgarray_put_i64(&a[5], (int64_t)stream->emitted);
        pgarray_put_i64(&a[6], (int64_t)stream->dropped);
        pgarray_put_i64(&a[7], store->aside ? 0 : (int64_t)stream->calls);
        pgarray_put_i64(&a[8], store->aside ? (int64_t)stream->calls : 0);
    }
    struct pg_rows *rows = NULL;
    const enum err err = statement_send(&store->advance, pg, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    const bool all = pg_affected(rows) == (int64_t)store->group->n;
    pg_rows_free(rows);
    return all ? ERR_OK : why_set(why, ERR_DB_CONFLICT, "another collector got further");
}

/* One item of one stream, for the statement that its kind needs. */
typedef enum err item_fn(struct store *store, struct pg *pg, const struct producer *producer,
                         const struct wire_item *item, struct why *why);

static enum err each_item(struct store *store, struct pg *pg, enum wire_item_kind kind,
                          item_fn *put, struct why *why) {
    const enum wire_lane lane = wire_item_lane(kind);
    for (size_t i = 0; i < store->group->n; i++) {
        const struct group_stream *stream = &store->group->streams[i];
        const struct message *message = stream->lane == lane ? stream->first : NULL;
        for (; message; message = message->next) {
            struct wire_cursor items = message->frame.batch.items;
            struct wire_item item;
            while (wire_next_item(&items, &item)) {
                const enum err err =
                    item.kind == kind ? put(store, pg, stream->producer, &item, why) : ERR_OK;
                if (err != ERR_OK) {
                    return err;
                }
            }
        }
    }
    return ERR_OK;
}

static void put_str(struct pgarray *array, struct str text) {
    if (text.ptr) {
        pgarray_put_bytes(array, text.ptr, text.len);
    } else {
        pgarray_put_null(array);
    }
}

static enum err put_keyset(struct store *store, struct pg *pg, const struct producer *producer,
                           const struct wire_item *item, struct why *why) {
    static const char *const kinds[] = {"metric", "system"};
    const struct str kind = str_of(kinds[item->keyset.kind]);
    struct pgarray *a = store->series.arrays;
    struct wire_cursor names = item->keyset.names;
    struct str name;
    for (int32_t position = 1; wire_next_name(&names, &name); position++) {
        pgarray_put_i64(&a[0], (int64_t)producer->run_id);
        pgarray_put_i64(&a[1], (int64_t)item->keyset.keyset_id);
        pgarray_put_i32(&a[2], position);
        put_str(&a[3], name);
        put_str(&a[4], kind);
    }
    return statement_send_if(&store->series, pg, ELEMENTS_MAX, why);
}

static void put_i64_or_null(struct pgarray *array, int64_t value, int64_t null) {
    if (value == null) {
        pgarray_put_null(array);
    } else {
        pgarray_put_i64(array, value);
    }
}

static void put_time_or_null(struct pgarray *array, int64_t unix_ns) {
    if (unix_ns == WIRE_TIME_NONE) {
        pgarray_put_null(array);
    } else {
        pgarray_put_i64(array, pgarray_time_of_ns(unix_ns));
    }
}

static enum err put_gap(struct store *store, struct pg *pg, const struct producer *producer,
                        const struct wire_item *item, struct why *why) {
    const struct wire_span *span = &item->gap.span;
    struct pgarray *a = store->gaps.arrays;
    pgarray_put_i64(&a[0], (int64_t)producer->run_id);
    pgarray_put_i32(&a[1], (int32_t)producer->rank);
    pgarray_put_i32(&a[2], (int32_t)producer->attempt);
    pgarray_put_i64(&a[3], (int64_t)item->gap.calls);
    put_i64_or_null(&a[4], span->first_step, WIRE_STEP_NONE);
    put_i64_or_null(&a[5], span->last_step, WIRE_STEP_NONE);
    put_time_or_null(&a[6], span->first_time_ns);
    put_time_or_null(&a[7], span->last_time_ns);
    return statement_send_if(&store->gaps, pg, ELEMENTS_MAX, why);
}

static enum err put_block(struct store *store, struct pg *pg, const struct producer *producer,
                          const struct wire_item *item, struct why *why) {
    const struct blockcopy_owner owner = {producer->run_id, producer->rank, producer->attempt};
    enum err err = blockcopy_tuple(&owner, &item->block, &store->copy);
    if (err == ERR_OK && store->copy.len >= COPY_BYTES) {
        err = pg_copy_put(pg, store->copy.ptr, store->copy.len, why);
        buf_clear(&store->copy);
    }
    return err;
}

static void put_url(struct store *store, const struct producer *producer, struct str url) {
    struct pgarray *a = store->endpoints.arrays;
    pgarray_put_i64(&a[0], (int64_t)producer->run_id);
    put_str(&a[1], url);
}

/* The alerts look up the endpoints that their URLs became. */
static enum err send_alerts(struct store *store, struct pg *pg, uint32_t least, struct why *why) {
    if (statement_rows(&store->alerts) < least) {
        return ERR_OK;
    }
    const enum err err = statement_send_if(&store->endpoints, pg, 1, why);
    return err == ERR_OK ? statement_send(&store->alerts, pg, NULL, why) : err;
}

static enum err put_alert(struct store *store, struct pg *pg, const struct producer *producer,
                          const struct wire_item *item, struct why *why) {
    const struct wire_alert *alert = &item->alert;
    struct pgarray *a = store->alerts.arrays;
    pgarray_put_i64(&a[0], (int64_t)producer->run_id);
    pgarray_put_i32(&a[1], (int32_t)producer->rank);
    pgarray_put_i32(&a[2], (int32_t)producer->attempt);
    pgarray_put_i16(&a[3], (int16_t)alert->level);
    put_str(&a[4], alert->title);
    put_str(&a[5], alert->text);
    put_i64_or_null(&a[6], alert->step, WIRE_STEP_NONE);
    pgarray_put_i64(&a[7], pgarray_time_of_ns(alert->time_ns));
    put_str(&a[8], alert->webhook_url);
    pgarray_put_i64(&a[9], store->group_wait_ms);
    if (alert->webhook_url.len > 0) {
        put_url(store, producer, alert->webhook_url);
    }
    return send_alerts(store, pg, ELEMENTS_MAX, why);
}

static enum err put_finish(struct store *store, struct pg *pg, const struct producer *producer,
                           const struct wire_item *item, struct why *why) {
    static const char *const endings[] = {"finished", "failed"};
    struct pgarray *a = store->finish.arrays;
    pgarray_put_i64(&a[0], (int64_t)producer->run_id);
    pgarray_put_i32(&a[1], (int32_t)producer->rank);
    pgarray_put_i32(&a[2], (int32_t)producer->attempt);
    pgarray_put_i64(&a[3], pgarray_time_of_ns(item->finish.time_ns));
    put_str(&a[4], str_of(endings[item->finish.ending]));
    return statement_send_if(&store->finish, pg, ELEMENTS_MAX, why);
}

static enum err put_config(struct store *store, struct pg *pg, const struct producer *producer,
                           const struct wire_item *item, struct why *why) {
    (void)store;
    return hello_merge_config(pg, producer->run_id, item->config,
                              producer->rank == 0 ? HELLO_CONFIG_WINS : HELLO_CONFIG_YIELDS, why);
}

static enum err copy_blocks(struct store *store, struct pg *pg, struct why *why) {
    buf_clear(&store->copy);
    enum err err = pg_copy_begin(pg, sql_copy_blocks, why);
    if (err == ERR_OK) {
        err = blockcopy_header(&store->copy);
    }
    if (err == ERR_OK) {
        err = each_item(store, pg, WIRE_ITEM_BLOCK, put_block, why);
    }
    if (err == ERR_OK) {
        err = blockcopy_trailer(&store->copy);
    }
    if (err == ERR_OK) {
        err = pg_copy_put(pg, store->copy.ptr, store->copy.len, why);
    }
    return err == ERR_OK ? pg_copy_end(pg, why) : err;
}

static enum err store_series(struct store *store, struct pg *pg, struct why *why) {
    const enum err err = each_item(store, pg, WIRE_ITEM_KEYSET, put_keyset, why);
    return err == ERR_OK ? statement_send_if(&store->series, pg, 1, why) : err;
}

static enum err store_gaps(struct store *store, struct pg *pg, struct why *why) {
    if (store->group->gaps == 0) {
        return ERR_OK;
    }
    const enum err err = each_item(store, pg, WIRE_ITEM_GAP, put_gap, why);
    return err == ERR_OK ? statement_send_if(&store->gaps, pg, 1, why) : err;
}

static enum err store_metrics(struct store *store, struct pg *pg, struct why *why) {
    enum err err = store_series(store, pg, why);
    if (err == ERR_OK) {
        err = store_gaps(store, pg, why);
    }
    return err == ERR_OK && store->group->points > 0 ? copy_blocks(store, pg, why) : err;
}

/* Who waits for alerts hears of them with the commit. */
static enum err store_alerts(struct store *store, struct pg *pg, struct why *why) {
    if (store->group->alerts == 0) {
        return ERR_OK;
    }
    enum err err = each_item(store, pg, WIRE_ITEM_ALERT, put_alert, why);
    if (err == ERR_OK) {
        err = send_alerts(store, pg, 1, why);
    }
    return err == ERR_OK ? pg_prepared(pg, "notify_alerts", sql_notify_alerts, 0, NULL, NULL, why)
                         : err;
}

static enum err store_events(struct store *store, struct pg *pg, struct why *why) {
    enum err err = store_alerts(store, pg, why);
    if (err == ERR_OK) {
        err = each_item(store, pg, WIRE_ITEM_FINISH, put_finish, why);
    }
    if (err == ERR_OK) {
        err = statement_send_if(&store->finish, pg, 1, why);
    }
    return err == ERR_OK ? each_item(store, pg, WIRE_ITEM_CONFIG, put_config, why) : err;
}

static enum err store_content(struct store *store, struct pg *pg, struct why *why) {
    const enum err err = store_metrics(store, pg, why);
    return err == ERR_OK ? store_events(store, pg, why) : err;
}

static enum err insert_quarantine(struct store *store, struct pg *pg, struct why *why) {
    const struct group_stream *stream = &store->group->streams[0];
    const struct message *message = stream->first;
    struct param_i64 run_id, rank, attempt, lane, seq, calls, most;
    const struct pg_param params[] = {
        param_i64((int64_t)stream->producer->run_id, &run_id),
        param_uuid(&stream->producer->id),
        param_i64(stream->producer->rank, &rank),
        param_i64(stream->producer->attempt, &attempt),
        param_i64(stream->lane, &lane),
        param_i64((int64_t)stream->last, &seq),
        param_i64((int64_t)stream->calls, &calls),
        param_text(str_of(store->sqlstate)),
        param_text(str_of(store->aside->text)),
        param_bytea(message->bytes, message->len),
        param_i64(STORE_QUARANTINE_MAX, &most),
    };
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, insert_quarantine, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    const bool kept = pg_affected(rows) == 1;
    pg_rows_free(rows);
    return kept ? ERR_OK
                : why_set(why, ERR_DB_CONTENT, "the run has %d batches in quarantine",
                          STORE_QUARANTINE_MAX);
}

/* The names may be what PostgreSQL refuses: then the batch goes without them. */
static enum err set_aside(struct store *store, struct pg *pg, struct why *why) {
    enum err err = pg_run(pg, "savepoint before_names", why);
    if (err == ERR_OK) {
        err = store_series(store, pg, why);
    }
    if (err == ERR_DB_CONTENT) {
        statement_clear(&store->series);
        err = pg_run(pg, "rollback to savepoint before_names", why);
    }
    if (err == ERR_OK) {
        err = store_gaps(store, pg, why); /* their calls are counted as dropped all the same */
    }
    return err == ERR_OK ? insert_quarantine(store, pg, why) : err;
}

static void remember_sqlstate(struct store *store, const struct pg *pg) {
    memcpy(store->sqlstate, pg_sqlstate(pg), sizeof store->sqlstate);
}

static enum err transaction(struct pg *pg, void *context, struct why *why) {
    struct store *store = context;
    statement_clear(&store->advance); /* an attempt that failed may have left them half full */
    statement_clear(&store->series);
    statement_clear(&store->gaps);
    statement_clear(&store->endpoints);
    statement_clear(&store->alerts);
    statement_clear(&store->finish);
    const int64_t began_ns = clock_mono_ns();
    enum err err = pg_run(pg, "begin", why);
    if (err == ERR_OK) {
        err = advance_producers(store, pg, why);
    }
    if (err == ERR_OK) {
        err = store->aside ? set_aside(store, pg, why) : store_content(store, pg, why);
    }
    if (err == ERR_OK) {
        err = pg_run(pg, "commit", why);
    }
    if (err == ERR_OK) {
        counters_add(COUNTER_commit_time, clock_mono_ns() - began_ns);
    } else if (!store->aside) {
        remember_sqlstate(store, pg);
    }
    return err;
}

enum err store_group(struct store *store, const struct group *group, struct why *why) {
    store->group = group;
    store->aside = NULL;
    return dbconn_run(store->conn, transaction, store, why);
}

enum err store_aside(struct store *store, const struct group *group, const struct why *reason,
                     struct why *why) {
    store->group = group;
    store->aside = reason;
    return dbconn_run(store->conn, transaction, store, why);
}

struct reading {
    struct store *store;
    uint64_t *last_seq;
};

static enum err read_streams(struct pg *pg, void *context, struct why *why) {
    struct reading *reading = context;
    const struct group *group = reading->store->group;
    struct statement *statement = &reading->store->read;
    statement_clear(statement);
    for (size_t i = 0; i < group->n; i++) {
        put_stream(statement->arrays, &group->streams[i]);
        reading->last_seq[i] = STORE_GONE;
    }
    struct pg_rows *rows = NULL;
    const enum err err = statement_send(statement, pg, &rows, why);
    for (int row = 0; err == ERR_OK && row < pg_rows_n(rows); row++) {
        reading->last_seq[pg_int(rows, row, 0)] = (uint64_t)pg_int(rows, row, 1);
    }
    pg_rows_free(rows);
    return err;
}

enum err store_read(struct store *store, const struct group *group, uint64_t *out_last_seq,
                    struct why *why) {
    struct reading reading = {store, out_last_seq};
    store->group = group;
    return dbconn_run(store->conn, read_streams, &reading, why);
}
