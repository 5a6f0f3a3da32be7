/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "cli/db.h"
#include "cli/find.h"
#include "cli_sql.h"

#define COLUMNS_WIDE 6 /* attempt and what follows */

static char *copy(const char *text) {
    char *copied = strdup(text);
    if (copied == NULL) {
        abort();
    }
    return copied;
}

/* The levels as an array for PostgreSQL; NULL: all. */
static const char *levels_of(const struct args *args) {
    static const struct {
        const char *level, *alone, *and_above;
    } levels[] = {{"info", "{0}", "{0,1,2}"}, {"warn", "{1}", "{1,2}"}, {"error", "{2}", "{2}"}};
    const char *exact = args_text(args, "level");
    const char *least = args_text(args, "min-level");
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (exact != NULL && strcmp(levels[i].level, exact) == 0) {
            return levels[i].alone;
        }
        if (exact == NULL && least != NULL && strcmp(levels[i].level, least) == 0) {
            return levels[i].and_above;
        }
    }
    return NULL;
}

void alerts_init(struct alerts *out, struct ctx *ctx, const char *run_id) {
    const struct args *args = ctx->args;
    *out = (struct alerts){.ctx = ctx, .follows = args_given(args, "follow")};
    since_read(args_text(args, "since"), &out->since);
    const struct pg_param filters[ALERTS_FILTERS] = {db_text(args_text(args, "project")),
                                                     db_text(run_id),
                                                     db_text(levels_of(args)),
                                                     out->since.time,
                                                     out->since.ago,
                                                     db_text(args_text(args, "rank"))};
    memcpy(out->filters, filters, sizeof filters);
}

void alerts_fini(struct alerts *alerts) {
    cursor_free(&alerts->cursor);
    free(alerts->next);
}

void alerts_set_next(struct alerts *alerts, const char *cursor) {
    char *next = copy(cursor);
    free(alerts->next);
    alerts->next = next;
}

static enum exit_code take_snapshot(struct alerts *alerts, char **out_now) {
    struct ctx *ctx = alerts->ctx;
    struct pg_rows *rows = NULL;
    const struct pg_param params[] = {db_text(alerts->cursor.seen)};
    enum exit_code code = db_query(ctx, sql_take_snapshot, 1, params, &rows);
    if (code == EXIT_OK && pg_text(rows, 0, 1)[0] == 't') {
        ctx_fail(ctx, EXIT_USAGE, "The cursor was made by another database.");
        code = ctx_hint(ctx, EXIT_USAGE, "Leave out --after and go on with the answer's cursor.");
    } else if (code == EXIT_OK) {
        *out_now = copy(pg_text(rows, 0, 0));
    }
    pg_rows_free(rows);
    return code;
}

enum exit_code alerts_begin(struct alerts *alerts, char **out_now) {
    struct ctx *ctx = alerts->ctx;
    struct why why = {""};
    const enum exit_code code = db_open(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const enum err err =
        pg_run(ctx->pg, "begin transaction isolation level repeatable read, read only", &why);
    return err == ERR_OK ? take_snapshot(alerts, out_now) : db_fail(ctx, err, &why);
}

enum exit_code alerts_end(struct alerts *alerts) {
    struct why why = {""};
    const enum err err = pg_run(alerts->ctx->pg, "commit", &why);
    return err == ERR_OK ? EXIT_OK : db_fail(alerts->ctx, err, &why);
}

/* The filters stand in the answer as they were given. */
static void print_head(struct json *json, const void *context) {
    static const char *const filters[] = {"project", "run", "level", "since"};
    const struct alerts *alerts = context;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        json_key(json, filters[i]);
        json_text(json, args_text(alerts->ctx->args, filters[i]));
    }
}

static void print_tail(struct json *json, const void *context) {
    const struct alerts *alerts = context;
    json_key(json, "cursor");
    json_text(json, alerts->next);
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return find_project(ctx);
}

struct list alerts_form(struct alerts *alerts) {
    return (struct list){
        .key = "alerts",
        .wide = COLUMNS_WIDE,
        .empty = "No alerts found.",
        .check = check,
        .head = print_head,
        .tail = print_tail,
        .context = alerts,
    };
}
