/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list.h"

#include <stdlib.h>
#include <string.h>

#include "cli/db.h"
#include "cli/rows.h"

struct stream {
    struct ctx *ctx;
    const struct list *list;
    bool any;
    int n;           /* columns shown */
    struct out *out; /* NULL for JSON */
    struct json json;
    char *name; /* by_name: of the array that is open; owned */
};

static void start_json(struct stream *s) {
    json_init(&s->json, stdout);
    json_open(&s->json, '{');
    s->list->head(&s->json, s->list->context);
    json_key(&s->json, s->list->key);
    json_open(&s->json, s->list->by_name ? '{' : '[');
}

static void start_rows(struct stream *s, const struct pg_rows *rows) {
    const bool table = !s->ctx->json && s->ctx->style.table;
    s->n = pg_columns_n(rows) - s->list->hidden - (table ? s->list->wide : 0);
    if (!s->ctx->json) {
        s->out = rows_out_new(s->ctx, stdout, rows, s->n);
    }
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

static void put_object(struct stream *s, const struct pg_rows *rows, int row) {
    if (!s->any) {
        start_json(s);
    }
    if (s->list->by_name) {
        enter_array(s, pg_text(rows, row, 0));
    }
    json_open(&s->json, '{');
    rows_json_members(&s->json, rows, row, s->list->by_name ? 1 : 0, s->n);
    json_close(&s->json);
}

static bool each(void *context, const struct pg_rows *rows) {
    struct stream *s = context;
    if (s->n == 0) {
        start_rows(s, rows);
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        if (s->out != NULL) {
            rows_out(s->out, rows, i, s->n);
        } else {
            put_object(s, rows, i);
        }
        s->any = true;
    }
    return true;
}

static void finish_json(struct stream *s) {
    if (!s->any) {
        start_json(s);
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
    enum exit_code code = db_stream(ctx, sql, n, params, each, &s);
    if (code == EXIT_OK && !s.any && list->check != NULL) {
        code = list->check(ctx, list->context);
    }
    if (code == EXIT_OK && s.out == NULL) {
        finish_json(&s);
    } else if (code == EXIT_OK && !s.any && ctx->style.table) {
        ctx_note("%s", list->empty);
    }
    if (code == EXIT_OK) {
        out_end(s.out);
    }
    out_free(s.out);
    free(s.name);
    return code;
}
