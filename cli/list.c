/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list.h"

#include <stdlib.h>
#include <string.h>

#include "cli/db.h"
#include "cli/rows.h"

struct stream {
    struct ctx *ctx;
    const struct list *list;
    bool started;
    bool any;
    int n;      /* columns shown */
    char *name; /* by_name: of the array that is open; owned */
    struct json json;
    struct out *out; /* NULL for JSON */
};

static void start(struct stream *s, const struct pg_rows *rows) {
    s->started = true;
    s->n = pg_columns_n(rows) - s->list->hidden;
    if (!s->ctx->json) {
        s->n -= s->ctx->style.table ? s->list->wide : 0;
        s->out = rows_out_new(s->ctx, stdout, rows, s->n);
        return;
    }
    json_init(&s->json, stdout);
    json_open(&s->json, '{');
    s->list->head(&s->json, s->list->context);
    json_key(&s->json, s->list->key);
    json_open(&s->json, s->list->by_name ? '{' : '[');
}

static void close_array(struct stream *s) {
    if (s->name != NULL) {
        json_close(&s->json);
    }
    free(s->name);
    s->name = NULL;
}

/* Rows of one name follow each other; another name begins the next array. */
static void enter_array(struct stream *s, const char *name) {
    if (s->name != NULL && strcmp(s->name, name) == 0) {
        return;
    }
    close_array(s);
    s->name = strdup(name);
    if (s->name == NULL) {
        abort();
    }
    json_key(&s->json, name);
    json_open(&s->json, '[');
}

static bool each(void *context, const struct pg_rows *rows) {
    struct stream *s = context;
    if (!s->started) {
        start(s, rows);
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        s->any = true;
        if (s->out != NULL) {
            rows_out(s->out, rows, i, s->n);
            continue;
        }
        if (s->list->by_name) {
            enter_array(s, pg_text(rows, i, 0));
        }
        json_open(&s->json, '{');
        rows_json_members(&s->json, rows, i, s->list->by_name ? 1 : 0, s->n);
        json_close(&s->json);
    }
    return true;
}

static void finish(struct stream *s) {
    if (s->out != NULL) {
        out_free(s->out);
        if (!s->any && s->ctx->style.table) {
            ctx_note("%s", s->list->empty);
        }
        return;
    }
    close_array(s);
    json_close(&s->json);
    if (s->list->tail != NULL) {
        s->list->tail(&s->json, s->list->context);
    }
    json_close(&s->json);
    json_end(&s->json);
}

enum exit_code list_show(struct ctx *ctx, const struct list *list, const char *sql, int n,
                         const struct pg_param *params) {
    struct stream s = {.ctx = ctx, .list = list};
    const enum exit_code code = db_stream(ctx, sql, n, params, each, &s);
    if (code == EXIT_OK) {
        finish(&s);
        return EXIT_OK;
    }
    if (s.out != NULL) { /* what has arrived before the error */
        out_free(s.out);
    }
    free(s.name);
    return code;
}
