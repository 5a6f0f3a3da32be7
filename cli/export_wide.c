/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export_wide.h"

#include <stdlib.h>
#include <string.h>

#include "cli/export_values.h"
#include "cli/rows.h"

#define NUMBER_BYTES 32 /* PostgreSQL's text of a float8, an int8 */

struct column {
    char *name;
    size_t at;                /* its place in the file */
    char value[NUMBER_BYTES]; /* "": none in this row */
};

struct export_wide {
    const struct export_file *file;
    bool with_rank;
    size_t n;
    struct column *columns;   /* in the order of names */
    struct column **in_order; /* of the file */
    bool open;                /* a row is begun */
    char rank[NUMBER_BYTES];
    char step[NUMBER_BYTES];
    char time[ROWS_TIME_BYTES];
};

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct column *)a)->name, ((const struct column *)b)->name);
}

static void put_header(const struct export_wide *wide) {
    fputs(wide->with_rank ? "rank,step,time" : "step,time", wide->file->file);
    for (size_t i = 0; i < wide->n; i++) {
        putc(',', wide->file->file);
        export_file_cell(wide->file, wide->in_order[i]->name);
    }
    putc('\n', wide->file->file);
}

struct export_wide *export_wide_new(const struct export_file *file, size_t n,
                                    const char *const *names, bool with_rank) {
    struct export_wide *wide = calloc(1, sizeof *wide);
    if (wide == NULL || (wide->columns = calloc(n, sizeof *wide->columns)) == NULL ||
        (wide->in_order = calloc(n, sizeof(struct column *))) == NULL) {
        abort();
    }
    wide->file = file;
    wide->with_rank = with_rank;
    wide->n = n;
    for (size_t i = 0; i < n; i++) {
        wide->columns[i] = (struct column){.name = strdup(names[i]), .at = i};
        if (wide->columns[i].name == NULL) {
            abort();
        }
    }
    qsort(wide->columns, n, sizeof *wide->columns, compare_names);
    for (size_t i = 0; i < n; i++) {
        wide->in_order[wide->columns[i].at] = &wide->columns[i];
    }
    put_header(wide);
    return wide;
}

static void put_row(struct export_wide *wide) {
    FILE *out = wide->file->file;
    if (!wide->open) {
        return;
    }
    if (wide->with_rank) {
        fprintf(out, "%s,", wide->rank);
    }
    fprintf(out, "%s,%s", wide->step, wide->time);
    for (size_t i = 0; i < wide->n; i++) {
        fprintf(out, ",%s", wide->in_order[i]->value);
        wide->in_order[i]->value[0] = '\0';
    }
    putc('\n', out);
    wide->open = false;
}

static struct column *find(const struct export_wide *wide, const char *name) {
    for (size_t low = 0, high = wide->n; low < high;) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(wide->columns[middle].name, name);
        if (order == 0) {
            return &wide->columns[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

static void begin_row(struct export_wide *wide, const struct pg_rows *rows, int row) {
    wide->open = true;
    snprintf(wide->rank, sizeof wide->rank, "%s", pg_text(rows, row, EXPORT_RANK));
    snprintf(wide->step, sizeof wide->step, "%s", pg_text(rows, row, EXPORT_STEP));
    rows_time(pg_text(rows, row, EXPORT_TIME), wide->time);
}

void export_wide_put(struct export_wide *wide, const struct pg_rows *rows, int row) {
    struct column *column = find(wide, pg_text(rows, row, EXPORT_NAME));
    if (column == NULL) {
        return; /* a name that was logged after the header was written */
    }
    if (!wide->open || column->value[0] != '\0' ||
        strcmp(wide->step, pg_text(rows, row, EXPORT_STEP)) != 0 ||
        strcmp(wide->rank, pg_text(rows, row, EXPORT_RANK)) != 0) {
        put_row(wide);
        begin_row(wide, rows, row);
    }
    snprintf(column->value, sizeof column->value, "%s", pg_text(rows, row, EXPORT_VALUE));
}

void export_wide_end(struct export_wide *wide) {
    put_row(wide);
}

void export_wide_free(struct export_wide *wide) {
    if (wide == NULL) {
        return;
    }
    for (size_t i = 0; i < wide->n; i++) {
        free(wide->columns[i].name);
    }
    free(wide->columns);
    free(wide->in_order);
    free(wide);
}
