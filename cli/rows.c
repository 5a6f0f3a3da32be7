/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rows.h"

#include <stdlib.h>
#include <string.h>

enum form { FORM_TEXT, FORM_NUMBER, FORM_FLOAT, FORM_BOOL, FORM_JSON, FORM_TIME };

static const struct {
    uint32_t oid;
    enum form form;
} forms[] = {
    {PG_OID_BOOL, FORM_BOOL},        {PG_OID_INT2, FORM_NUMBER},  {PG_OID_INT4, FORM_NUMBER},
    {PG_OID_INT8, FORM_NUMBER},      {PG_OID_FLOAT4, FORM_FLOAT}, {PG_OID_FLOAT8, FORM_FLOAT},
    {PG_OID_NUMERIC, FORM_FLOAT},    {PG_OID_JSON, FORM_JSON},    {PG_OID_JSONB, FORM_JSON},
    {PG_OID_TIMESTAMPTZ, FORM_TIME},
};

static enum form form_of(const struct pg_rows *rows, int column) {
    const uint32_t oid = pg_column_oid(rows, column);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (forms[i].oid == oid) {
            return forms[i].form;
        }
    }
    return FORM_TEXT;
}

/* How many digits text begins with, at most max. */
static size_t digits(const char *text, size_t max) {
    size_t n = 0;
    while (n < max && text[n] >= '0' && text[n] <= '9') {
        n++;
    }
    return n;
}

/* "2026-11-23 12:30:30" at the start of text. */
static bool starts_as_time(const char *text) {
    static const size_t groups[] = {4, 2, 2, 2, 2, 2};
    static const char after[] = "-- ::";
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (digits(text, groups[i]) != groups[i]) {
            return false;
        }
        text += groups[i];
        if (after[i] != '\0' && *text++ != after[i]) {
            return false;
        }
    }
    return true;
}

void rows_time(const char *text, char out[ROWS_TIME_BYTES]) {
    enum { SECOND_END = 19, FRACTION = 6 };
    size_t n = 0; /* digits of the fraction; PostgreSQL cuts its trailing zeros */
    if (starts_as_time(text) && text[SECOND_END] == '.') {
        n = digits(text + SECOND_END + 1, FRACTION);
    }
    /* Not so: infinity, a year of five digits, "+00 BC", a connection that is not in UTC. */
    if (!starts_as_time(text) || strcmp(text + SECOND_END + (n > 0 ? n + 1 : 0), "+00") != 0) {
        snprintf(out, ROWS_TIME_BYTES, "%s", text);
    } else if (n == 0) {
        snprintf(out, ROWS_TIME_BYTES, "%.10sT%.8s+00:00", text, text + 11);
    } else {
        snprintf(out, ROWS_TIME_BYTES, "%.10sT%.8s.%.*s%.*s+00:00", text, text + 11, (int)n,
                 text + SECOND_END + 1, (int)(FRACTION - n), "000000");
    }
}

struct out *rows_out_new(const struct ctx *ctx, FILE *file, const struct pg_rows *rows,
                         const struct columns *columns) {
    struct out_column *shown = calloc((size_t)columns->n + 1, sizeof *shown);
    if (shown == NULL) {
        abort();
    }
    for (int i = 0; i < columns->n; i++) {
        const enum form form = form_of(rows, columns->at[i]);
        shown[i].name = pg_column_name(rows, columns->at[i]);
        shown[i].right = form == FORM_NUMBER || form == FORM_FLOAT;
        shown[i].wrap = form == FORM_TEXT || form == FORM_JSON;
    }
    struct out *out = out_new(file, ctx->style, columns->n, shown);
    free(shown);
    return out;
}

void rows_out_field(struct out *out, const struct pg_rows *rows, int row, int column) {
    const char *text = pg_text(rows, row, column);
    const enum form form = form_of(rows, column);
    char time[ROWS_TIME_BYTES];
    if (text != NULL && form == FORM_TIME) {
        rows_time(text, time);
        text = time;
    } else if (text != NULL && form == FORM_BOOL) {
        text = text[0] == 't' ? "true" : "false";
    }
    out_cell(out, text);
}

void rows_out(struct out *out, const struct pg_rows *rows, int row, const struct columns *columns) {
    for (int i = 0; i < columns->n; i++) {
        rows_out_field(out, rows, row, columns->at[i]);
    }
}

void rows_json_value(struct json *json, const struct pg_rows *rows, int row, int column) {
    const char *text = pg_text(rows, row, column);
    char time[ROWS_TIME_BYTES];
    if (text == NULL) {
        json_text(json, NULL);
        return;
    }
    switch (form_of(rows, column)) {
    case FORM_NUMBER:
    case FORM_FLOAT:
        json_number(json, text);
        return;
    case FORM_BOOL:
        json_bool(json, text[0] == 't');
        return;
    case FORM_JSON:
        json_embed(json, text);
        return;
    case FORM_TIME:
        rows_time(text, time);
        json_text(json, time);
        return;
    case FORM_TEXT:
        json_text(json, text);
        return;
    }
}

void rows_json_members(struct json *json, const struct pg_rows *rows, int row, int first,
                       int last) {
    for (int i = first; i < last; i++) {
        json_key(json, pg_column_name(rows, i));
        rows_json_value(json, rows, row, i);
    }
}

/* Nothing if all numbers of the row are numbers. */
static void put_odds(struct json *json, const struct pg_rows *rows, int row,
                     const struct columns *columns) {
    bool any = false;
    for (int i = 0; i < columns->n; i++) {
        const char *what = rows_nonfinite(rows, row, columns->at[i]);
        if (what == NULL) {
            continue;
        }
        if (!any) {
            json_key(json, "nonfinite");
        }
        if (!any && columns->named_odds) {
            json_open(json, '{');
        }
        if (columns->named_odds) {
            json_key(json, pg_column_name(rows, columns->at[i]));
        }
        json_text(json, what);
        any = true;
    }
    if (any && columns->named_odds) {
        json_close(json);
    }
}

void rows_json_fields(struct json *json, const struct pg_rows *rows, int row,
                      const struct columns *columns) {
    for (int i = 0; i < columns->n; i++) {
        json_key(json, pg_column_name(rows, columns->at[i]));
        rows_json_value(json, rows, row, columns->at[i]);
    }
    put_odds(json, rows, row, columns);
}

void rows_json_row(struct json *json, const struct pg_rows *rows, int row,
                   const struct columns *columns) {
    json_open(json, '{');
    rows_json_fields(json, rows, row, columns);
    json_close(json);
}

void rows_json_column(struct json *json, const struct pg_rows *rows, int column) {
    json_open(json, '[');
    for (int i = 0; i < pg_rows_n(rows); i++) {
        rows_json_value(json, rows, i, column);
    }
    json_close(json);
}

bool rows_is_float(const struct pg_rows *rows, int column) {
    return form_of(rows, column) == FORM_FLOAT;
}

const char *rows_nonfinite(const struct pg_rows *rows, int row, int column) {
    const char *text = pg_text(rows, row, column);
    return text == NULL || !rows_is_float(rows, column) ? NULL : json_nonfinite(text);
}
