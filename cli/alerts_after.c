/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts behind a cursor: page by page, waited for if there are none. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/alerts.h"
#include "cli/db.h"
#include "cli/watch.h"
#include "cli_sql.h"
#include "schema/wire/clock.h"

#define PAGE_ROWS 10000 /* where nobody gives a limit */

static int64_t page_rows(const struct alerts *alerts) {
    const int64_t limit = args_int(alerts->ctx->args, "limit");
    return limit == 0 || alerts->follows ? PAGE_ROWS : limit;
}

/* end: where this page ends, if it is not cut. */
static enum exit_code fetch_page(struct alerts *alerts, const char *end,
                                 struct pg_rows **out_rows) {
    char limit[LIST_LIMIT_BYTES];
    struct pg_param params[ALERTS_FILTERS + 5];
    snprintf(limit, sizeof limit, "%" PRId64, page_rows(alerts) + 1);
    memcpy(params, alerts->filters, sizeof alerts->filters);
    params[ALERTS_FILTERS] = db_text(limit);
    params[ALERTS_FILTERS + 1] = db_text(alerts->cursor.seen);
    params[ALERTS_FILTERS + 2] = db_text(end);
    params[ALERTS_FILTERS + 3] = db_text(alerts->cursor.xact);
    params[ALERTS_FILTERS + 4] = db_text(alerts->cursor.id);
    return db_query(alerts->ctx, sql_list_alerts_after, ALERTS_FILTERS + 5, params, out_rows);
}

static enum exit_code print_page(struct alerts *alerts, const struct pg_rows *rows) {
    struct list list = alerts_form(alerts);
    list.hidden = alerts->follows ? 0 : 1; /* the cursor of each row */
    list.limit = page_rows(alerts);
    list.more = "ask again with this cursor";
    if (pg_rows_n(rows) > list.limit) {
        alerts_set_next(alerts, pg_text(rows, (int)list.limit - 1, pg_columns_n(rows) - 1));
    }
    const enum exit_code code = list_show_rows(alerts->ctx, &list, rows);
    fflush(alerts->ctx->out);
    return code;
}

static enum exit_code go_on(struct alerts *alerts) {
    struct cursor cursor;
    if (cursor_parse(alerts->next, &cursor) != ERR_OK) {
        return ctx_fail(alerts->ctx, EXIT_INTERNAL, "PostgreSQL made the cursor '%.100s'.",
                        alerts->next);
    }
    cursor_free(&alerts->cursor);
    alerts->cursor = cursor;
    return EXIT_OK;
}

/* The rest of a page that was cut belongs to the moment when it was begun. */
static enum exit_code look_once(struct alerts *alerts, struct pg_rows **out_rows) {
    char *now = NULL;
    enum exit_code code = alerts_begin(alerts, &now);
    if (code == EXIT_OK) {
        alerts_set_next(alerts, alerts->cursor.end != NULL ? alerts->cursor.end : now);
        code = alerts->cursor.text == NULL ? EXIT_OK : fetch_page(alerts, alerts->next, out_rows);
    }
    free(now);
    return code == EXIT_OK ? alerts_end(alerts) : code;
}

/* Prints what there is; nothing is printed if there is nothing. */
static enum exit_code look(struct ctx *ctx, void *context, bool *out_done) {
    struct alerts *alerts = context;
    bool any = false;
    bool more = true;
    enum exit_code code = EXIT_OK;
    (void)ctx;
    while (code == EXIT_OK && more && !*out_done) {
        struct pg_rows *rows = NULL;
        code = look_once(alerts, &rows);
        any = code == EXIT_OK && rows != NULL && pg_rows_n(rows) > 0;
        more = code == EXIT_OK && (alerts->cursor.end != NULL || (any && alerts->follows));
        if (any) {
            code = print_page(alerts, rows);
        }
        *out_done = any && !alerts->follows;
        pg_rows_free(rows);
        if (code == EXIT_OK) {
            code = go_on(alerts);
        }
    }
    return code;
}

/* The same envelope without rows, unless what was waited for cannot come. */
static enum exit_code show_nothing(struct alerts *alerts) {
    struct pg_rows *rows = NULL;
    enum exit_code code = fetch_page(alerts, alerts->cursor.seen, &rows);
    if (code == EXIT_OK) {
        code = print_page(alerts, rows);
    }
    pg_rows_free(rows);
    return code;
}

static enum exit_code no_cursor(const struct alerts *alerts) {
    return ctx_fail(alerts->ctx, EXIT_USAGE,
                    "--after is a cursor as an answer gave it, or start; not '%.100s'.",
                    args_text(alerts->ctx->args, "after"));
}

static enum exit_code explain(const struct alerts *alerts, enum exit_code code) {
    if (code == EXIT_USAGE && alerts->ctx->pg != NULL &&
        strcmp(pg_sqlstate(alerts->ctx->pg), "22P02") == 0) {
        return no_cursor(alerts);
    }
    return db_explain_time(alerts->ctx, code, "since");
}

static int64_t deadline_ns(const struct alerts *alerts) {
    if (alerts->follows) {
        return WATCH_FOREVER;
    }
    return clock_mono_ns() + args_int(alerts->ctx->args, "wait") * CLOCK_NS_PER_S;
}

enum exit_code alerts_show_after(struct alerts *alerts) {
    const char *after = args_text(alerts->ctx->args, "after");
    if (after != NULL && cursor_parse(after, &alerts->cursor) != ERR_OK) {
        return no_cursor(alerts);
    }
    enum exit_code code = watch_until(alerts->ctx, WATCH_ALERTS, deadline_ns(alerts), look, alerts);
    if (code == EXIT_TIMEOUT) {
        code = show_nothing(alerts);
        return code == EXIT_OK && args_given(alerts->ctx->args, "wait") ? EXIT_TIMEOUT : code;
    }
    return explain(alerts, code);
}
