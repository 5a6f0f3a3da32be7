/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV file of any program: one run, a column a metric. What `tocsin export` writes, a value a
 * row, is known by its columns and becomes what it was (import_long.c). */

#include <stdlib.h>

#include "cli/import_long.h"
#include "cli/source.h"
#include "cli/table.h"

struct csv_source {
    struct source base;
    struct table table;
    struct import_long *rows; /* NULL: a column a metric */
};

static void set_roles(struct table *table) {
    struct table_column *step = table_find(table, "step");
    struct table_column *time = table_find(table, "timestamp");
    for (size_t i = 0; i < table->n; i++) { /* an index that pandas wrote has no name */
        table->columns[i].role = table->columns[i].header[0] == '\0' ? TABLE_IGNORED : TABLE_METRIC;
    }
    if (time == NULL) {
        time = table_find(table, "time");
    }
    if (step != NULL) {
        step->role = TABLE_STEP;
    }
    if (time != NULL) {
        time->role = TABLE_TIME;
    }
}

static enum exit_code find_runs(struct ctx *ctx, struct csv_source *source) {
    if (import_long_is(&source->table)) {
        return import_long_open(ctx, &source->table, &source->base, &source->rows);
    }
    char *stem = source_stem(source->table.path);
    set_roles(&source->table);
    source_add(&source->base, stem, source->table.path);
    free(stem);
    return EXIT_OK;
}

static void close_csv(struct source *base) {
    struct csv_source *source = (struct csv_source *)base;
    import_long_free(source->rows);
    table_close(&source->table);
    source_fini(base);
    free(source);
}

static enum exit_code open_csv(struct ctx *ctx, const char *path, struct source **out) {
    struct csv_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        abort();
    }
    enum exit_code code = table_open(ctx, path, &source->table);
    if (code == EXIT_OK) {
        code = find_runs(ctx, source);
    }
    if (code != EXIT_OK) {
        close_csv(&source->base);
        return code;
    }
    *out = &source->base;
    return EXIT_OK;
}

static enum exit_code read_csv(struct ctx *ctx, struct source *base, size_t i,
                               struct importer *importer, struct leftout *leftout) {
    struct csv_source *source = (struct csv_source *)base;
    return source->rows != NULL ? import_long_read(ctx, source->rows, i, importer)
                                : table_read(ctx, &source->table, importer, leftout);
}

const struct source_kind source_csv = {
    .word = "csv", .open = open_csv, .read = read_csv, .close = close_csv};
