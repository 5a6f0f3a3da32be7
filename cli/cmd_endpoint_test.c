/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/db.h"
#include "cli/endpoint.h"
#include "cli/json.h"
#include "cli_sql.h"
#include "schema/wire/clock.h"

#define LOOK_AGAIN_MS 100

enum { COLUMN_STATE, COLUMN_ATTEMPTS, COLUMN_STATUS, COLUMN_ANSWER, COLUMN_RESTS_S };

struct test {
    const char *id;         /* of the endpoint */
    const char *message_id; /* borrows from rows, as the following do */
    const char *webhook_id;
    const char *url;
};

/* One failed attempt is an answer too; a 429 is none, and only delays. */
static bool is_over(const struct pg_rows *rows) {
    return strcmp(pg_text(rows, 0, COLUMN_STATE), "waiting") != 0 ||
           pg_int(rows, 0, COLUMN_ATTEMPTS) > 0;
}

static bool is_delivered(const struct pg_rows *rows) {
    return strcmp(pg_text(rows, 0, COLUMN_STATE), "delivered") == 0;
}

static enum exit_code look(struct ctx *ctx, const struct test *test, struct pg_rows **out_rows) {
    const struct pg_param params[] = {db_text(test->message_id)};
    return db_query(ctx, sql_find_test_message, 1, params, out_rows);
}

/* Until something came of it or the time is over; *out_rows as it is then. */
static enum exit_code wait_for(struct ctx *ctx, const struct test *test,
                               struct pg_rows **out_rows) {
    static const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
    const int64_t until_ns = clock_mono_ns() + args_int(ctx->args, "timeout") * 1000000000;
    for (;;) {
        const bool late = clock_mono_ns() >= until_ns; /* before the last look */
        const enum exit_code code = look(ctx, test, out_rows);
        if (code != EXIT_OK || late || is_over(*out_rows)) {
            return code;
        }
        pg_rows_free(*out_rows);
        *out_rows = NULL;
        nanosleep(&pause, NULL);
    }
}

static enum exit_code give_up(struct ctx *ctx, const struct test *test) {
    const struct pg_param params[] = {db_text(test->message_id)};
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_end_test_message, 1, params, &rows);
    pg_rows_free(rows);
    return code;
}

static void print_json(const struct ctx *ctx, const struct test *test, const struct pg_rows *rows) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, test->id);
    json_key(&json, "delivered");
    json_bool(&json, is_delivered(rows));
    json_key(&json, "status");
    json_number(&json, pg_text(rows, 0, COLUMN_STATUS));
    json_key(&json, "answer");
    json_text(&json, pg_text(rows, 0, COLUMN_ANSWER));
    json_key(&json, "webhook_id");
    json_text(&json, test->webhook_id);
    ctx_json_close(&json);
}

#define SAID_BYTES_MAX 512

/* "status 404: no_service", or what went wrong where no answer came. */
static void describe(const struct pg_rows *rows, char out[SAID_BYTES_MAX]) {
    const char *status = pg_text(rows, 0, COLUMN_STATUS);
    const char *answer = pg_text(rows, 0, COLUMN_ANSWER);
    const bool said = answer != NULL && answer[0] != '\0';
    if (status != NULL) {
        snprintf(out, SAID_BYTES_MAX, "status %s%s%s", status, said ? ": " : "",
                 said ? answer : "");
    } else {
        snprintf(out, SAID_BYTES_MAX, "%s", said ? answer : "no answer");
    }
}

static enum exit_code late(struct ctx *ctx, const struct test *test, const struct pg_rows *rows) {
    const char *timeout = args_text(ctx->args, "timeout");
    char said[SAID_BYTES_MAX];
    describe(rows, said);
    if (pg_text(rows, 0, COLUMN_ANSWER) != NULL) {
        return ctx_fail(ctx, EXIT_TIMEOUT, "Endpoint %s (%s) did not take the message in %s: %s",
                        test->id, test->url, timeout, said);
    }
    if (pg_int(rows, 0, COLUMN_RESTS_S) > 0) {
        return ctx_fail(ctx, EXIT_TIMEOUT,
                        "After failures endpoint %s (%s) is left alone for %s s more. To try it "
                        "at once: tocsin endpoint enable %s, then test it again.",
                        test->id, test->url, pg_text(rows, 0, COLUMN_RESTS_S), test->id);
    }
    return ctx_fail(ctx, EXIT_TIMEOUT,
                    "Nobody posted the message in %s: does tocsind run? See: tocsin status",
                    timeout);
}

static enum exit_code report(struct ctx *ctx, const struct test *test, const struct pg_rows *rows) {
    char said[SAID_BYTES_MAX];
    describe(rows, said);
    if (ctx->json) {
        print_json(ctx, test, rows);
    } else if (is_delivered(rows)) {
        ctx_note("Endpoint %s (%s) took the message: %s", test->id, test->url, said);
    }
    if (is_delivered(rows)) {
        return EXIT_OK;
    }
    return is_over(rows)
               ? ctx_fail(ctx, EXIT_INTERNAL, "Endpoint %s (%s) did not take the message: %s",
                          test->id, test->url, said)
               : late(ctx, test, rows);
}

enum exit_code cmd_endpoint_test(struct ctx *ctx) {
    struct test test = {.id = NULL};
    struct pg_rows *made = NULL;
    struct pg_rows *rows = NULL;
    enum exit_code code = endpoint_change(ctx, sql_insert_test_message, NULL, &test.id, &made);
    if (code != EXIT_OK) {
        return code;
    }
    test.message_id = pg_text(made, 0, 0);
    test.webhook_id = pg_text(made, 0, 1);
    test.url = pg_text(made, 0, 2);
    code = wait_for(ctx, &test, &rows);
    if (code == EXIT_OK && !is_delivered(rows)) {
        code = give_up(ctx, &test);
    }
    if (code == EXIT_OK) {
        code = report(ctx, &test, rows);
    }
    pg_rows_free(rows);
    pg_rows_free(made);
    return code;
}
