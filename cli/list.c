/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/db.h"
#include "cli/rows.h"

struct stream {
    struct ctx *ctx;
    const struct list *list;
    bool started;
    bool has_more;
    int64_t rows; /* printed */
    enum exit_code code;
    struct columns columns;
    struct out *out; /* NULL for JSON */
    struct json json;
    char *name; /* by_name: of the array that is open; owned */
};

static void start_document(struct stream *s) {
    ctx_json_open(s->ctx, &s->json);
    if (s->list->head != NULL) {
        s->list->head(&s->json, s->list->context);
    }
    json_key(&s->json, s->list->key);
    json_open(&s->json, s->list->by_name ? '{' : '[');
}

static bool is_document(const struct stream *s) {
    return s->ctx->json && !s->ctx->lines;
}

/* In a document the column that names the arrays is not in their rows. */
static void drop_name(struct columns *columns) {
    int n = 0;
    for (int i = 0; i < columns->n; i++) {
        if (columns->at[i] != 0) {
            columns->at[n++] = columns->at[i];
        }
    }
    columns->n = n;
}

/* A result without rows arrives too, for its columns. */
static bool start(struct stream *s, const struct pg_rows *rows) {
    s->started = true;
    s->code = columns_choose(s->ctx, rows, s->list->hidden, s->list->wide, &s->columns);
    if (s->code == EXIT_OK && !s->ctx->json) {
        s->out = rows_out_new(s->ctx, s->ctx->out, rows, &s->columns);
    }
    if (is_document(s) && s->list->by_name) {
        drop_name(&s->columns);
    }
    return s->code == EXIT_OK;
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

static void put_row(struct stream *s, const struct pg_rows *rows, int row) {
    json_open(&s->json, '{');
    rows_json_fields(&s->json, rows, row, &s->columns);
    if (s->list->extra != NULL) {
        s->list->extra(&s->json, s->list->context, rows, row);
    }
    json_close(&s->json);
}

static void put_line(struct stream *s, const struct pg_rows *rows, int row) {
    json_init(&s->json, s->ctx->out, JSON_LINE);
    put_row(s, rows, row);
    json_end(&s->json);
}

static void put_object(struct stream *s, const struct pg_rows *rows, int row) {
    if (s->rows == 0) {
        start_document(s);
    }
    if (s->list->by_name) {
        enter_array(s, pg_text(rows, row, 0));
    }
    put_row(s, rows, row);
}

static void put(struct stream *s, const struct pg_rows *rows, int row) {
    if (s->out != NULL) {
        rows_out(s->out, rows, row, &s->columns);
    } else if (s->ctx->lines) {
        put_line(s, rows, row);
    } else {
        put_object(s, rows, row);
    }
    if (s->list->printed != NULL) {
        s->list->printed(s->list->context, rows, row);
    }
    s->rows++;
}

static bool each(void *context, const struct pg_rows *rows) {
    struct stream *s = context;
    if ((!s->started && !start(s, rows)) || ferror(s->ctx->out) != 0) {
        return false; /* or nobody takes what is printed */
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        if (s->list->limit > 0 && s->rows == s->list->limit) {
            s->has_more = true; /* what follows is the one row more that was asked for */
            return true;
        }
        put(s, rows, i);
    }
    return true;
}

static void finish_document(struct stream *s) {
    if (s->rows == 0) {
        start_document(s);
    }
    close_array(s);
    json_close(&s->json);
    if (s->list->behind != NULL) {
        s->list->behind(&s->json, s->list->context);
    }
    if (s->list->more != NULL) {
        json_key(&s->json, "has_more");
        json_bool(&s->json, s->has_more);
    }
    if (s->has_more) {
        json_key(&s->json, "more");
        json_text(&s->json, s->list->more);
    }
    if (s->list->tail != NULL) {
        s->list->tail(&s->json, s->list->context);
    }
    ctx_json_close(&s->json);
}

static void finish(struct stream *s) {
    if (is_document(s)) {
        finish_document(s);
        return;
    }
    out_end(s->out);
    if (s->rows == 0) {
        ctx_remark(s->ctx, s->list->empty);
    } else if (s->has_more) {
        ctx_note("There is more: %s.", s->list->more);
    }
}

static enum exit_code end(struct stream *s) {
    if (s->code == EXIT_OK && s->rows == 0 && s->list->check != NULL) {
        s->code = s->list->check(s->ctx, s->list->context);
    }
    if (s->code == EXIT_OK) {
        finish(s);
    }
    s->ctx->rows = s->rows;
    out_free(s->out);
    free(s->name);
    return s->code;
}

enum exit_code list_show(struct ctx *ctx, const struct list *list, const char *sql, int n,
                         const struct pg_param *params) {
    struct stream s = {.ctx = ctx, .list = list};
    const enum exit_code code = db_stream(ctx, sql, n, params, each, &s);
    if (code != EXIT_OK) {
        s.code = code;
    }
    return end(&s);
}

enum exit_code list_show_rows(struct ctx *ctx, const struct list *list,
                              const struct pg_rows *rows) {
    struct stream s = {.ctx = ctx, .list = list};
    (void)each(&s, rows);
    return end(&s);
}

struct pg_param list_limit(const struct ctx *ctx, char out[LIST_LIMIT_BYTES]) {
    const int64_t limit = args_int(ctx->args, "limit");
    snprintf(out, LIST_LIMIT_BYTES, "%" PRId64, limit + 1);
    return db_text(limit == 0 ? NULL : out);
}
