/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "collector/param.h"
#include "collector_sql.h"
#include "schema/wire/clock.h"

#define DIGEST_TOKENS 4 /* a whole bucket: in a storm a digest comes only now and then */
#define GROUPS_OWN    2 /* with so many tokens left the worst group is a message of its own */

#define TIME_BYTES 32

struct bucket {
    int64_t tokens;
    bool enabled;
};

void outbox_message_free(struct outbox_message *message) {
    if (message) {
        free(message->webhook_id);
        free(message->url);
        free(message->secret);
        free(message->old_secret);
        buf_fini(&message->body);
        free(message);
    }
}

static char *copy_or_null(const char *text) {
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy) {
        abort();
    }
    return copy;
}

enum err outbox_list_due(struct pg *pg, size_t cap, struct outbox_due *out, size_t *out_n,
                         struct why *why) {
    struct param_i64 most;
    const struct pg_param params[] = {param_i64((int64_t)cap, &most)};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, list_due_endpoints, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        out[i] = (struct outbox_due){pg_int(rows, i, 0), pg_int(rows, i, 1)};
    }
    *out_n = (size_t)pg_rows_n(rows);
    pg_rows_free(rows);
    return ERR_OK;
}

static enum payload_kind kind_of(const char *name) {
    int kind = 0;
    while (kind < PAYLOAD_GENERIC && strcmp(payload_kind_names[kind], name) != 0) {
        kind++;
    }
    return (enum payload_kind)kind;
}

/* *out_locked: nobody else has the endpoint, and it may be posted to. */
static enum err lock_endpoint(struct pg *pg, struct outbox_message *message, bool *out_locked,
                              struct bucket *out, struct why *why) {
    struct param_i64 endpoint;
    const struct pg_param params[] = {param_i64(message->endpoint_id, &endpoint)};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, lock_endpoint, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    *out_locked = pg_rows_n(rows) == 1;
    if (*out_locked) {
        message->kind = kind_of(pg_text(rows, 0, 0));
        message->url = copy_or_null(pg_text(rows, 0, 1));
        message->secret = copy_or_null(pg_text(rows, 0, 2));
        message->old_secret = copy_or_null(pg_text(rows, 0, 3));
        message->failures = (int)pg_int(rows, 0, 6);
        *out =
            (struct bucket){.tokens = pg_int(rows, 0, 4), .enabled = pg_text(rows, 0, 5)[0] == 't'};
    }
    pg_rows_free(rows);
    return ERR_OK;
}

/* Messages made before. */

/* ISO 8601 in UTC, as the times of alerts. */
static void say_now(char out[TIME_BYTES]) {
    const time_t now = (time_t)(clock_wall_ns() / CLOCK_NS_PER_S);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%M:%S+00:00", &parts);
}

static enum err render_test(struct outbox_message *message) {
    char time[TIME_BYTES];
    say_now(time);
    const struct payload test = {.form = PAYLOAD_TEST, .dashboard = "", .time = time};
    return payload_render(message->kind, &test, &message->body);
}

static enum err take_row(struct outbox_message *message, const struct pg_rows *rows) {
    message->message_id = pg_int(rows, 0, 0);
    message->webhook_id = copy_or_null(pg_text(rows, 0, 1));
    message->attempts = (int)pg_int(rows, 0, 3);
    const char *body = pg_text(rows, 0, 2);
    return body[0] ? buf_append(&message->body, body, strlen(body)) : render_test(message);
}

static enum err claim_message(struct pg *pg, const struct outbox_message *message,
                              struct why *why) {
    struct param_i64 id;
    struct param_i64 hold_ms;
    const struct pg_param params[] = {param_i64(message->message_id, &id),
                                      param_uuid(&message->claim),
                                      param_i64(OUTBOX_CLAIM_MS, &hold_ms)};
    return PARAM_RUN(pg, claim_message, params, NULL, why);
}

/* A message whose next try is due goes before new ones. */
static enum err take_waiting(struct pg *pg, struct outbox_message *message, bool enabled,
                             bool *out_found, struct why *why) {
    struct param_i64 endpoint;
    const struct pg_param params[] = {param_i64(message->endpoint_id, &endpoint),
                                      param_bool(enabled)};
    struct pg_rows *rows = NULL;
    enum err err = PARAM_RUN(pg, find_due_message, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    *out_found = pg_rows_n(rows) == 1;
    if (*out_found) {
        err = take_row(message, rows);
    }
    pg_rows_free(rows);
    return err == ERR_OK && *out_found ? claim_message(pg, message, why) : err;
}

/* New messages. */

static enum err run_for_endpoint(struct pg *pg, const char *name, const char *sql,
                                 int64_t endpoint_id, struct why *why) {
    struct param_i64 endpoint;
    const struct pg_param params[] = {param_i64(endpoint_id, &endpoint)};
    return pg_prepared(pg, name, sql, 1, params, NULL, why);
}

static void take_group(const struct pg_rows *rows, int row, struct payload_group *out) {
    *out = (struct payload_group){
        .project = pg_text(rows, row, 1),
        .run = pg_text(rows, row, 2),
        .level = (int)pg_int(rows, row, 3),
        .title = pg_text(rows, row, 4),
        .text = pg_text(rows, row, 5),
        .time = pg_text(rows, row, 6),
        .host = pg_text(rows, row, 7),
        .has_step = pg_text(rows, row, 8) != NULL,
        .step = pg_int(rows, row, 8),
        .alert_id = pg_int(rows, row, 9),
        .rank = pg_int(rows, row, 10),
        .ranks = pg_int(rows, row, 11),
        .world_size = pg_int(rows, row, 12),
        .alerts = pg_int(rows, row, 13),
    };
}

struct choice {
    struct payload payload;
    struct payload_group groups[PAYLOAD_GROUPS_MAX];
    char time[TIME_BYTES];
    int64_t group_key; /* unless it is a digest */
    int64_t tokens;    /* that it costs */
};

/* The worst group alone while the bucket allows it, and the rest as a digest once it does not. */
static void choose(const struct pg_rows *rows, const struct bucket *bucket, const char *dashboard,
                   struct choice *out) {
    const int64_t groups_total = pg_int(rows, 0, 14);
    const bool alone = groups_total <= bucket->tokens || bucket->tokens >= GROUPS_OWN;
    const int shown = alone ? 1 : pg_rows_n(rows);
    for (int i = 0; i < shown; i++) {
        take_group(rows, i, &out->groups[i]);
    }
    say_now(out->time);
    out->group_key = pg_int(rows, 0, 0);
    out->tokens = alone ? 1 : DIGEST_TOKENS;
    out->payload = (struct payload){
        .form = alone ? PAYLOAD_ALERTS : PAYLOAD_DIGEST,
        .groups = out->groups,
        .groups_n = (size_t)shown,
        .groups_total = alone ? 1 : groups_total,
        .alerts_total = alone ? out->groups[0].alerts : pg_int(rows, 0, 15),
        .alerts_by_level = {pg_int(rows, 0, 16), pg_int(rows, 0, 17), pg_int(rows, 0, 18)},
        .time = out->time,
        .dashboard = dashboard};
}

static enum err insert_message(struct pg *pg, struct outbox_message *message,
                               const struct payload *payload, struct why *why) {
    struct param_i64 endpoint;
    struct param_i64 alerts;
    struct param_i64 hold_ms;
    const struct pg_param params[] = {
        param_i64(message->endpoint_id, &endpoint),
        param_text(str_of(payload_form_names[payload->form])),
        param_i64(payload->alerts_total, &alerts),
        param_text((struct str){(const char *)message->body.ptr, message->body.len}),
        param_uuid(&message->claim),
        param_i64(OUTBOX_CLAIM_MS, &hold_ms),
    };
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, insert_message, params, &rows, why);
    if (err == ERR_OK) {
        message->message_id = pg_int(rows, 0, 0);
        message->webhook_id = copy_or_null(pg_text(rows, 0, 1));
        pg_rows_free(rows);
    }
    return err;
}

static enum err assign(struct pg *pg, const struct outbox_message *message,
                       const struct choice *choice, struct why *why) {
    struct param_i64 endpoint;
    struct param_i64 id;
    struct param_i64 key;
    struct pg_param params[] = {param_i64(message->endpoint_id, &endpoint),
                                param_i64(message->message_id, &id),
                                param_i64(choice->group_key, &key)};
    if (choice->payload.form == PAYLOAD_DIGEST) {
        params[2].ptr = NULL;
    }
    return PARAM_RUN(pg, assign_deliveries, params, NULL, why);
}

static enum err make_chosen(struct pg *pg, struct outbox_message *message,
                            const struct choice *choice, struct why *why) {
    enum err err = payload_render(message->kind, &choice->payload, &message->body);
    if (err != ERR_OK) {
        return why_set(why, err, "cannot write a message: %s", err_text(err));
    }
    err = insert_message(pg, message, &choice->payload, why);
    return err == ERR_OK ? assign(pg, message, choice, why) : err;
}

/* *out_tokens: what the message costs; 0: there is none. */
static enum err make_message(struct pg *pg, struct outbox_message *message,
                             const struct bucket *bucket, const char *dashboard,
                             int64_t *out_tokens, struct why *why) {
    struct param_i64 endpoint;
    struct param_i64 most;
    const struct pg_param params[] = {param_i64(message->endpoint_id, &endpoint),
                                      param_i64(PAYLOAD_GROUPS_MAX, &most)};
    struct pg_rows *rows = NULL;
    enum err err = PARAM_RUN(pg, list_waiting_groups, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    struct choice choice = {.tokens = 0};
    if (pg_rows_n(rows) > 0) {
        choose(rows, bucket, dashboard, &choice);
        err = make_chosen(pg, message, &choice, why);
    }
    pg_rows_free(rows);
    *out_tokens = choice.tokens;
    return err;
}

static enum err make_new(struct pg *pg, struct outbox_message *message, const struct bucket *bucket,
                         const char *dashboard, int64_t *out_tokens, struct why *why) {
    *out_tokens = 0;
    if (!bucket->enabled) {
        return ERR_OK;
    }
    enum err err = run_for_endpoint(pg, "keep_back_deliveries", sql_keep_back_deliveries,
                                    message->endpoint_id, why);
    if (err == ERR_OK) {
        err = run_for_endpoint(pg, "postpone_repeats", sql_postpone_repeats, message->endpoint_id,
                               why);
    }
    return err == ERR_OK ? make_message(pg, message, bucket, dashboard, out_tokens, why) : err;
}

static enum err spend(struct pg *pg, int64_t endpoint_id, int64_t tokens, struct why *why) {
    struct param_i64 endpoint;
    struct param_i64 spent;
    const struct pg_param params[] = {param_i64(endpoint_id, &endpoint), param_i64(tokens, &spent)};
    return PARAM_RUN(pg, spend_tokens, params, NULL, why);
}

/* *out_tokens: what was spent; 0: there is no message. */
static enum err fill(struct pg *pg, struct outbox_message *message, const char *dashboard,
                     int64_t *out_tokens, struct why *why) {
    struct bucket bucket = {0};
    bool found = false;
    *out_tokens = 0;
    enum err err = lock_endpoint(pg, message, &found, &bucket, why);
    if (err != ERR_OK || !found) {
        return err;
    }
    err = take_waiting(pg, message, bucket.enabled, &found, why);
    *out_tokens = found;
    if (err == ERR_OK && !found) {
        err = make_new(pg, message, &bucket, dashboard, out_tokens, why);
    }
    return err == ERR_OK && *out_tokens > 0 ? spend(pg, message->endpoint_id, *out_tokens, why)
                                            : err;
}

static struct outbox_message *new_message(int64_t endpoint_id) {
    struct outbox_message *message = calloc(1, sizeof *message);
    if (!message ||
        getrandom(&message->claim, sizeof message->claim, 0) != (ssize_t)sizeof message->claim) {
        abort();
    }
    message->endpoint_id = endpoint_id;
    buf_init(&message->body, PAYLOAD_BYTES_MAX);
    return message;
}

/* Repeatable read: deliveries that are inserted meanwhile are not in the message's words, so they
 * must not be in the message. */
enum err outbox_next(struct pg *pg, int64_t endpoint_id, const char *dashboard,
                     struct outbox_message **out, struct why *why) {
    struct outbox_message *message = new_message(endpoint_id);
    int64_t tokens = 0;
    enum err err = pg_run(pg, "begin isolation level repeatable read", why);
    if (err == ERR_OK) {
        err = fill(pg, message, dashboard, &tokens, why);
    }
    if (err == ERR_OK) {
        err = pg_run(pg, "commit", why);
    }
    if (err != ERR_OK || tokens == 0) {
        outbox_message_free(message);
        message = NULL;
    }
    if (err == ERR_OK) {
        *out = message;
    }
    return err;
}

enum err outbox_add_endpoints(struct pg *pg, const char *urls, int min_level, struct why *why) {
    struct param_i64 level;
    enum err err = ERR_OK;
    for (const char *at = urls + strspn(urls, " \t"); *at && err == ERR_OK;) {
        const size_t len = strcspn(at, " \t");
        const struct pg_param params[] = {param_text((struct str){at, len}),
                                          param_i64(min_level, &level)};
        err = PARAM_RUN(pg, insert_settings_endpoint, params, NULL, why);
        at += len;
        at += strspn(at, " \t");
    }
    return err;
}
