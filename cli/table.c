/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/instant.h"
#include "cli/source.h"
#include "schema/wire/clock.h"

static enum exit_code fail_at(struct ctx *ctx, const struct table *table, const char *what,
                              const char *cell) {
    return ctx_fail(ctx, EXIT_USAGE, "%s, line %" PRIu64 ": '%.100s' %s", table->path,
                    csv_line(table->csv), cell, what);
}

static enum exit_code code_of(enum err err) {
    return err == ERR_IO ? EXIT_INTERNAL : EXIT_USAGE;
}

/* Open */

static enum exit_code open_file(struct ctx *ctx, struct table *table) {
    struct stat st;
    FILE *file = fopen(table->path, "re");
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        ctx_fail(ctx, EXIT_NOT_FOUND, "cannot open '%s': %s", table->path, strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return EXIT_NOT_FOUND;
    }
    table->changed_ns = st.st_mtim.tv_sec > 0 ? st.st_mtim.tv_sec * CLOCK_NS_PER_S : 1;
    table->csv = csv_new(file, table->path);
    return S_ISREG(st.st_mode)
               ? EXIT_OK
               : ctx_fail(ctx, EXIT_USAGE, "'%s' is no file that can be read twice", table->path);
}

static void keep_header(struct table *table) {
    table->n = csv_cells_n(table->csv);
    table->columns = calloc(table->n, sizeof *table->columns);
    if (table->columns == NULL) {
        abort();
    }
    for (size_t i = 0; i < table->n; i++) {
        table->columns[i].header = strdup(csv_cell(table->csv, i));
        if (table->columns[i].header == NULL) {
            abort();
        }
        table->columns[i].name = table->columns[i].header;
    }
}

static enum exit_code read_header(struct ctx *ctx, struct table *table) {
    bool more = false;
    struct why why = {""};
    const enum err err = csv_read(table->csv, &more, &why);
    if (err != ERR_OK) {
        return ctx_fail(ctx, code_of(err), "%s", why.text);
    }
    if (!more) {
        return ctx_fail(ctx, EXIT_USAGE, "%s is empty: its first line must name the columns",
                        table->path);
    }
    keep_header(table);
    table->rows_offset = csv_next_offset(table->csv);
    table->rows_line = csv_next_line(table->csv);
    if (table->n == 1 && strchr(table->columns[0].header, ';') != NULL) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "%s separates its columns by semicolons; save it with "
                        "commas, and numbers with a point",
                        table->path);
    }
    return EXIT_OK;
}

enum exit_code table_open(struct ctx *ctx, const char *path, struct table *out) {
    struct table table = {.path = source_path(ctx, path)};
    if (table.path == NULL) {
        return EXIT_NOT_FOUND;
    }
    enum exit_code code = open_file(ctx, &table);
    if (code == EXIT_OK) {
        code = read_header(ctx, &table);
    }
    if (code != EXIT_OK) {
        table_close(&table);
        return code;
    }
    *out = table;
    return EXIT_OK;
}

void table_close(struct table *table) {
    for (size_t i = 0; i < table->n; i++) {
        free(table->columns[i].header);
    }
    free(table->columns);
    csv_free(table->csv);
    free(table->path);
}

/* Columns */

struct table_column *table_find(const struct table *table, const char *header) {
    for (size_t i = 0; i < table->n; i++) {
        if (strcasecmp(table->columns[i].header, header) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *find_twice(const char **names, size_t n) {
    qsort(names, n, sizeof *names, compare);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            return names[i];
        }
    }
    return NULL;
}

enum exit_code table_check(struct ctx *ctx, const struct table *table) {
    const char **names = calloc(table->n, sizeof *names);
    enum exit_code code = EXIT_OK;
    size_t n = 0;
    if (names == NULL) {
        abort();
    }
    for (size_t i = 0; code == EXIT_OK && i < table->n; i++) {
        if (table->columns[i].role != TABLE_METRIC) {
            continue;
        }
        names[n++] = table->columns[i].name;
        if (!importer_name_is_good(table->columns[i].name)) {
            code = ctx_fail(ctx, EXIT_USAGE,
                            "%s: the name of column %zu is longer than %d bytes or not UTF-8",
                            table->path, i + 1, WIRE_NAME_BYTES_MAX);
        }
    }
    const char *twice = code == EXIT_OK ? find_twice(names, n) : NULL;
    if (twice != NULL) {
        code = ctx_fail(ctx, EXIT_USAGE, "%s has two columns '%.100s'; rename one", table->path,
                        twice);
    }
    free(names);
    return code;
}

/* Rows */

enum exit_code table_rewind(struct ctx *ctx, struct table *table) {
    struct why why = {""};
    return csv_seek(table->csv, table->rows_offset, table->rows_line, &why) == ERR_OK
               ? EXIT_OK
               : ctx_fail(ctx, EXIT_INTERNAL, "%s", why.text);
}

enum exit_code table_next(struct ctx *ctx, struct table *table, bool *out_more) {
    struct why why = {""};
    const enum err err = csv_read(table->csv, out_more, &why);
    return err == ERR_OK ? EXIT_OK : ctx_fail(ctx, code_of(err), "%s", why.text);
}

bool table_is_empty(const char *cell) {
    return cell[strspn(cell, " \t")] == '\0';
}

/* A whole number, also one that a program wrote as 12.0. */
enum exit_code table_step(struct ctx *ctx, const struct table *table, const char *cell,
                          int64_t *out_step) {
    char *end = NULL;
    double number = 0;
    errno = 0;
    const int64_t step = strtoimax(cell, &end, 10);
    if (end != cell && *end == '\0' && errno == 0 && step != TOCSIN_STEP_NONE) {
        *out_step = step;
        return EXIT_OK;
    }
    if (instant_number(cell, &number) && number == floor(number) && fabs(number) < 9e15) {
        *out_step = (int64_t)number;
        return EXIT_OK;
    }
    return fail_at(ctx, table, "is no step: steps are whole numbers", cell);
}

enum exit_code table_time(struct ctx *ctx, const struct table *table, const char *cell,
                          int64_t *out_ns) {
    return instant_parse(cell, out_ns)
               ? EXIT_OK
               : fail_at(ctx, table,
                         "is no time: times are ISO 8601 or seconds since 1970, up to 2262", cell);
}

struct reading {
    struct ctx *ctx;
    struct table *table;
    struct importer *importer;
    struct leftout *leftout;
    const char **names; /* room for all columns */
    double *values;
    uint64_t row;    /* 0, 1, 2 ... */
    int64_t time_ns; /* of the row before; a row without a time has the same */
};

static void take_metric(struct reading *r, const struct table_column *column, const char *cell,
                        struct importer_call *call) {
    if (instant_number(cell, &r->values[call->n])) {
        r->names[call->n++] = column->name;
    } else {
        leftout_add(r->leftout, "text cells", column->name);
    }
}

static enum exit_code take_cell(struct reading *r, const struct table_column *column,
                                const char *cell, struct importer_call *call) {
    if (column->role == TABLE_STEP) {
        return table_step(r->ctx, r->table, cell, &call->step);
    }
    if (column->role == TABLE_IGNORED || table_is_empty(cell)) {
        return EXIT_OK;
    }
    if (column->role == TABLE_TIME) {
        return table_time(r->ctx, r->table, cell, &r->time_ns);
    }
    take_metric(r, column, cell, call);
    return EXIT_OK;
}

static enum exit_code take_row(struct reading *r) {
    struct importer_call call = {.step = (int64_t)r->row++, .names = r->names, .values = r->values};
    enum exit_code code = EXIT_OK;
    for (size_t i = 0; code == EXIT_OK && i < r->table->n; i++) {
        code = take_cell(r, &r->table->columns[i], csv_cell(r->table->csv, i), &call);
    }
    if (code != EXIT_OK || call.n == 0) {
        return code;
    }
    call.time_ns = r->time_ns;
    return importer_call(r->importer, &call);
}

static enum exit_code take_rows(struct reading *r) {
    bool more = true;
    enum exit_code code = table_rewind(r->ctx, r->table);
    while (code == EXIT_OK && more) {
        code = table_next(r->ctx, r->table, &more);
        if (code == EXIT_OK && more) {
            code = take_row(r);
        }
    }
    return code;
}

enum exit_code table_read(struct ctx *ctx, struct table *table, struct importer *importer,
                          struct leftout *leftout) {
    struct reading r = {.ctx = ctx,
                        .table = table,
                        .importer = importer,
                        .leftout = leftout,
                        .names = calloc(table->n, sizeof *r.names),
                        .values = calloc(table->n, sizeof *r.values),
                        .time_ns = table->changed_ns};
    if (r.names == NULL || r.values == NULL) {
        abort();
    }
    enum exit_code code = table_check(ctx, table);
    if (code == EXIT_OK) {
        code = take_rows(&r);
    }
    free(r.names);
    free(r.values);
    return code;
}
