/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "cli/rows.h"

void columns_all(int n, struct columns *out) {
    out->n = n;
    out->named_odds = true;
    for (int i = 0; i < n; i++) {
        out->at[i] = i;
    }
}

static enum exit_code unknown_field(struct ctx *ctx, const struct pg_rows *rows, int n,
                                    const char *field) {
    const char *names[COLUMNS_MAX];
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (file == NULL) {
        abort();
    }
    for (int i = 0; i < n; i++) {
        names[i] = pg_column_name(rows, i);
        fprintf(file, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    if (fclose(file) != 0) {
        abort();
    }
    ctx_fail(ctx, EXIT_USAGE, "There is no field '%.100s'.", field);
    const char *nearest = names_nearest(field, names, n);
    if (nearest != NULL) {
        ctx_hint(ctx, EXIT_USAGE, "Did you mean '%s'?", nearest);
    } else {
        ctx_hint(ctx, EXIT_USAGE, "Fields: %s.", text);
    }
    free(text);
    return EXIT_USAGE;
}

static int find(const struct pg_rows *rows, int n, const char *name, size_t len) {
    for (int i = 0; i < n; i++) {
        const char *own = pg_column_name(rows, i);
        if (strlen(own) == len && memcmp(own, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static enum exit_code choose_named(struct ctx *ctx, const struct pg_rows *rows, int n,
                                   const char *fields, struct columns *out) {
    out->n = 0;
    for (const char *at = fields;; at++) {
        const size_t len = strcspn(at, ",");
        const int i = find(rows, n, at, len);
        if (i < 0 || out->n == COLUMNS_MAX) {
            char *field = strndup(at, len);
            const enum exit_code code = unknown_field(ctx, rows, n, field == NULL ? "" : field);
            free(field);
            return code;
        }
        out->at[out->n++] = i;
        at += len;
        if (*at == '\0') {
            return EXIT_OK;
        }
    }
}

enum exit_code columns_choose(struct ctx *ctx, const struct pg_rows *rows, int hidden, int wide,
                              struct columns *out) {
    const int n = pg_columns_n(rows) - hidden;
    const char *fields = ctx->args->command->rows != NULL ? args_text(ctx->args, "fields") : NULL;
    int floats = 0;
    for (int i = 0; i < n; i++) {
        floats += rows_is_float(rows, i);
    }
    columns_all(n - (ctx->style.form == OUT_TABLE && !ctx->json ? wide : 0), out);
    out->named_odds = floats > 1;
    return fields == NULL ? EXIT_OK : choose_named(ctx, rows, n, fields, out);
}
