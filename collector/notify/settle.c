/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "collector/counters.h"
#include "collector/param.h"
#include "collector/statement.h"
#include "collector_sql.h"
#include "schema/wire/clock.h"

#define LEVEL_ERROR 2

/* What becomes of a message, by verdict. */
static const struct row {
    const char *state;
    bool is_attempt; /* of the schedule */
    bool is_failure; /* of the endpoint */
    enum counter counter;
} rows_of[] = {
    [VERDICT_DELIVERED] = {"delivered", true, false, COUNTER_posts_delivered},
    [VERDICT_PACED] = {"waiting", false, false, COUNTER_posts_paced},
    [VERDICT_RETRY] = {"waiting", true, true, COUNTER_posts_retry},
    [VERDICT_REFUSED] = {"failed", true, false, COUNTER_posts_refused},
    [VERDICT_GONE] = {"failed", true, true, COUNTER_posts_gone},
};

struct plan {
    const char *state;
    int attempts;
    int64_t next_ms;
};

static uint32_t draw(void) {
    uint32_t random = 0;
    const ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);
    return got == (ssize_t)sizeof random ? random : 0;
}

static struct plan plan_of(const struct outbox_message *message,
                           const struct settle_result *result) {
    const struct row *row = &rows_of[result->verdict];
    struct plan plan = {.state = row->state, .attempts = message->attempts + row->is_attempt};
    if (result->verdict == VERDICT_PACED) {
        plan.next_ms = result->pause_ms;
    } else if (result->verdict == VERDICT_RETRY) {
        const int64_t backoff_ms = verdict_backoff_ms(plan.attempts, draw());
        plan.state = backoff_ms < 0 ? "failed" : row->state;
        plan.next_ms = backoff_ms > result->pause_ms ? backoff_ms : result->pause_ms;
    }
    return plan;
}

/* *out_ours: the claim had not run out, or nobody has used that. */
static enum err update_message(struct pg *pg, const struct outbox_message *message,
                               const struct settle_result *result, const struct plan *plan,
                               bool *out_ours, struct why *why) {
    struct param_i64 id;
    struct param_i64 attempts;
    struct param_i64 next_ms;
    struct param_i64 status;
    const struct pg_param params[] = {
        param_i64(message->message_id, &id), param_uuid(&message->claim),
        param_text(str_of(plan->state)),     param_i64(plan->attempts, &attempts),
        param_i64(plan->next_ms, &next_ms),  param_i64(result->status, &status),
        param_text(str_of(result->answer))};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, settle_message, params, &rows, why);
    if (err == ERR_OK) {
        *out_ours = pg_rows_n(rows) == 1;
        pg_rows_free(rows);
    }
    return err;
}

/* New alerts try a dead endpoint only now and then. */
static enum err note_result(struct pg *pg, const struct outbox_message *message,
                            const struct settle_result *result, struct why *why) {
    const bool failed = rows_of[result->verdict].is_failure;
    const int64_t rest_ms = failed ? verdict_rest_ms(message->failures + 1) : 0;
    struct param_i64 endpoint;
    struct param_i64 wait_ms;
    const struct pg_param params[] = {
        param_i64(message->endpoint_id, &endpoint), param_bool(failed),
        param_i64(rest_ms > result->pause_ms ? rest_ms : result->pause_ms, &wait_ms)};
    return PARAM_RUN(pg, note_result, params, NULL, why);
}

/* The endpoint that is gone. */

/* *out_shown: its URL as it may be shown, owned by the caller; NULL: it was disabled before. */
static enum err disable_endpoint(struct pg *pg, const struct outbox_message *message,
                                 const char *reason, char **out_shown, struct why *why) {
    struct param_i64 endpoint;
    const struct pg_param params[] = {param_i64(message->endpoint_id, &endpoint),
                                      param_text(str_of(reason))};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, disable_endpoint, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    *out_shown = pg_rows_n(rows) == 1 ? strdup(pg_text(rows, 0, 0)) : NULL;
    pg_rows_free(rows);
    return ERR_OK;
}

/* An alert beside the one that could not be sent: same run, rank and attempt. */
static enum err insert_notice(struct pg *pg, const struct pg_rows *beside, const char *title,
                              const char *text, int64_t group_wait_ms, struct why *why) {
    static const enum pgarray_type types[] = {
        PGARRAY_INT8, PGARRAY_INT4, PGARRAY_INT4,        PGARRAY_INT2, PGARRAY_TEXT,
        PGARRAY_TEXT, PGARRAY_INT8, PGARRAY_TIMESTAMPTZ, PGARRAY_TEXT, PGARRAY_INT8};
    struct statement statement;
    statement_init(&statement, "insert_alerts", sql_insert_alerts, 10, types);
    struct pgarray *a = statement.arrays;
    pgarray_put_i64(&a[0], pg_int(beside, 0, 0));
    pgarray_put_i32(&a[1], (int32_t)pg_int(beside, 0, 1));
    pgarray_put_i32(&a[2], (int32_t)pg_int(beside, 0, 2));
    pgarray_put_i16(&a[3], LEVEL_ERROR);
    pgarray_put_bytes(&a[4], title, strlen(title));
    pgarray_put_bytes(&a[5], text, strlen(text));
    pgarray_put_null(&a[6]);
    pgarray_put_i64(&a[7], pgarray_time_of_ns(clock_wall_ns()));
    pgarray_put_null(&a[8]);
    pgarray_put_i64(&a[9], group_wait_ms);
    const enum err err = statement_send(&statement, pg, NULL, why);
    statement_fini(&statement);
    return err;
}

static enum err tell(struct pg *pg, const struct outbox_message *message, const char *shown,
                     const char *reason, int64_t group_wait_ms, struct why *why) {
    char title[512];
    char text[512];
    struct param_i64 id;
    const struct pg_param params[] = {param_i64(message->message_id, &id)};
    struct pg_rows *rows = NULL;
    enum err err = PARAM_RUN(pg, find_message_alert, params, &rows, why);
    if (err == ERR_OK && pg_rows_n(rows) == 1) {
        snprintf(title, sizeof title, "alerts no longer go to %.255s", shown);
        snprintf(text, sizeof text,
                 "%s, so tocsin disabled it. Once the webhook exists again: tocsin endpoint enable "
                 "%lld",
                 reason, (long long)message->endpoint_id);
        err = insert_notice(pg, rows, title, text, group_wait_ms, why);
    }
    pg_rows_free(rows);
    return err;
}

/* A test has no alert beside which the feed could tell: its sender is told. */
static enum err end_endpoint(struct pg *pg, const struct outbox_message *message, int status,
                             int64_t group_wait_ms, struct why *why) {
    char reason[64];
    char *shown = NULL;
    snprintf(reason, sizeof reason, "It answered %d: this webhook is gone", status);
    enum err err = disable_endpoint(pg, message, reason, &shown, why);
    if (err == ERR_OK && shown) {
        err = tell(pg, message, shown, reason, group_wait_ms, why);
    }
    free(shown);
    return err;
}

static enum err settle(struct pg *pg, const struct outbox_message *message,
                       const struct settle_result *result, const struct plan *plan,
                       int64_t group_wait_ms, struct why *why) {
    bool ours = false;
    enum err err = update_message(pg, message, result, plan, &ours, why);
    if (err == ERR_OK) {
        err = note_result(pg, message, result, why);
    }
    if (err == ERR_OK && ours && result->verdict == VERDICT_GONE) {
        err = end_endpoint(pg, message, result->status, group_wait_ms, why);
    }
    return err;
}

enum err settle_message(struct pg *pg, const struct outbox_message *message,
                        const struct settle_result *result, int64_t group_wait_ms,
                        struct why *why) {
    const struct plan plan = plan_of(message, result);
    enum err err = pg_run(pg, "begin", why);
    if (err == ERR_OK) {
        err = settle(pg, message, result, &plan, group_wait_ms, why);
    }
    if (err == ERR_OK) {
        err = pg_run(pg, "commit", why);
    }
    if (err == ERR_OK) {
        counters_add(rows_of[result->verdict].counter, 1);
        counters_add(COUNTER_messages_failed, strcmp(plan.state, "failed") == 0);
    }
    return err;
}
