/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_long.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/instant.h"

/* The columns, in this order in struct import_long. */
enum column { RUN, RUN_ID, RANK, STEP, TIME, NAME, VALUE, COLUMNS };
static const char *const headers[COLUMNS] = {"run",  "run_id", "rank", "step",
                                             "time", "name",   "value"};

#define CALL_NAMES_MAX 512 /* of one call; more make another */

/* Where the rows of a run and rank are. Others may stand between them. */
struct span {
    char *run;
    char *run_id;
    uint32_t rank;
    uint64_t offset; /* of its first record */
    uint64_t line;
    uint64_t last_offset; /* of its last */
};

struct import_long {
    struct table *table;
    size_t columns[COLUMNS]; /* where they are */
    size_t n;
    struct span *spans; /* one for each run of the source */
    /* The call that is being put together. */
    struct importer_call call;
    char *names[CALL_NAMES_MAX]; /* owned */
    double values[CALL_NAMES_MAX];
};

bool import_long_is(const struct table *table) {
    for (int i = 0; i < COLUMNS; i++) {
        if (table_find(table, headers[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static const char *cell(const struct import_long *rows, enum column column) {
    return csv_cell(rows->table->csv, rows->columns[column]);
}

static enum exit_code fail_at(struct ctx *ctx, const struct import_long *rows, const char *what) {
    return ctx_fail(ctx, EXIT_USAGE, "%s, line %" PRIu64 ": %s", rows->table->path,
                    csv_line(rows->table->csv), what);
}

/* Open */

static bool is_of(const struct import_long *rows, const struct span *span, uint32_t rank) {
    return span->rank == rank && strcmp(span->run, cell(rows, RUN)) == 0 &&
           strcmp(span->run_id, cell(rows, RUN_ID)) == 0;
}

static char *copy(const char *text) {
    char *own = strdup(text);
    if (own == NULL) {
        abort();
    }
    return own;
}

static enum exit_code read_rank(struct ctx *ctx, const struct import_long *rows, uint32_t *out) {
    char *end = NULL;
    const char *text = cell(rows, RANK);
    const unsigned long long rank = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || rank >= WIRE_WORLD_SIZE_MAX) {
        return fail_at(ctx, rows, "the rank is no number from 0 to 1048575");
    }
    *out = (uint32_t)rank;
    return EXIT_OK;
}

static enum exit_code add_span(struct ctx *ctx, struct import_long *rows, struct source *source,
                               uint32_t rank) {
    char *rest = source_identity(cell(rows, RUN), cell(rows, RUN_ID));
    char *identity = source_identity(rows->table->path, rest);
    struct source_run *run = source_add(source, cell(rows, RUN), identity);
    free(rest);
    free(identity);
    if (run == NULL) {
        return fail_at(ctx, rows, "more than 10000 runs and ranks");
    }
    run->rank = rank;
    rows->spans = reallocarray(rows->spans, rows->n + 1, sizeof *rows->spans);
    if (rows->spans == NULL) {
        abort();
    }
    rows->spans[rows->n++] = (struct span){.run = copy(cell(rows, RUN)),
                                           .run_id = copy(cell(rows, RUN_ID)),
                                           .rank = rank,
                                           .offset = csv_offset(rows->table->csv),
                                           .line = csv_line(rows->table->csv)};
    return EXIT_OK;
}

/* Mostly the span of the row before. */
static enum exit_code note_row(struct ctx *ctx, struct import_long *rows, struct source *source) {
    uint32_t rank = 0;
    enum exit_code code = read_rank(ctx, rows, &rank);
    size_t i = rows->n;
    while (code == EXIT_OK && i > 0 && !is_of(rows, &rows->spans[i - 1], rank)) {
        i--;
    }
    if (code == EXIT_OK && i == 0) {
        code = add_span(ctx, rows, source, rank);
        i = rows->n;
    }
    if (code == EXIT_OK) {
        rows->spans[i - 1].last_offset = csv_offset(rows->table->csv);
    }
    return code;
}

static void set_world_sizes(const struct import_long *rows, struct source *source) {
    for (size_t i = 0; i < rows->n; i++) {
        for (size_t j = 0; j < rows->n; j++) {
            if (strcmp(rows->spans[i].run, rows->spans[j].run) == 0 &&
                strcmp(rows->spans[i].run_id, rows->spans[j].run_id) == 0 &&
                source->runs[i].world_size <= rows->spans[j].rank) {
                source->runs[i].world_size = rows->spans[j].rank + 1;
            }
        }
    }
}

enum exit_code import_long_open(struct ctx *ctx, struct table *table, struct source *source,
                                struct import_long **out) {
    struct import_long *rows = calloc(1, sizeof *rows);
    bool more = true;
    enum exit_code code = EXIT_OK;
    if (rows == NULL) {
        abort();
    }
    rows->table = table;
    for (int i = 0; i < COLUMNS; i++) {
        rows->columns[i] = (size_t)(table_find(table, headers[i]) - table->columns);
    }
    while (code == EXIT_OK && more) {
        code = table_next(ctx, table, &more);
        if (code == EXIT_OK && more) {
            code = note_row(ctx, rows, source);
        }
    }
    if (code != EXIT_OK) {
        import_long_free(rows);
        return code;
    }
    set_world_sizes(rows, source);
    *out = rows;
    return EXIT_OK;
}

void import_long_free(struct import_long *rows) {
    for (size_t i = 0; rows != NULL && i < rows->n; i++) {
        free(rows->spans[i].run);
        free(rows->spans[i].run_id);
    }
    if (rows != NULL) {
        free(rows->spans);
    }
    free(rows);
}

/* Read */

static enum exit_code flush(struct import_long *rows, struct importer *importer) {
    struct importer_call *call = &rows->call;
    enum exit_code code = EXIT_OK;
    if (call->n > 0) {
        call->names = (const char *const *)rows->names;
        call->values = rows->values;
        code = importer_call(importer, call);
    }
    for (size_t i = 0; i < call->n; i++) {
        free(rows->names[i]);
    }
    call->n = 0;
    return code;
}

/* Whether the row belongs to the call that is being put together. */
static bool fits(const struct import_long *rows, const struct importer_call *row,
                 const char *name) {
    const struct importer_call *call = &rows->call;
    if (call->n == CALL_NAMES_MAX || row->kind != call->kind || row->step != call->step ||
        row->time_ns != call->time_ns) {
        return false;
    }
    for (size_t i = 0; i < call->n; i++) {
        if (strcmp(rows->names[i], name) == 0) {
            return false;
        }
    }
    return true;
}

static enum exit_code read_row(struct ctx *ctx, const struct import_long *rows,
                               struct importer_call *out, double *out_value) {
    struct importer_call row = {.kind = WIRE_SERIES_METRIC};
    enum exit_code code = EXIT_OK;
    if (table_is_empty(cell(rows, STEP))) {
        row.kind = WIRE_SERIES_SYSTEM;
    } else {
        code = table_step(ctx, rows->table, cell(rows, STEP), &row.step);
    }
    if (code == EXIT_OK) {
        code = table_time(ctx, rows->table, cell(rows, TIME), &row.time_ns);
    }
    if (code == EXIT_OK && !instant_number(cell(rows, VALUE), out_value)) {
        code = fail_at(ctx, rows, "the value is no number");
    }
    if (code == EXIT_OK && !importer_name_is_good(cell(rows, NAME))) {
        code = fail_at(ctx, rows, "the name is empty, longer than 255 bytes, or not UTF-8");
    }
    *out = row;
    return code;
}

static enum exit_code take_row(struct ctx *ctx, struct import_long *rows,
                               struct importer *importer) {
    struct importer_call row;
    double value = 0;
    enum exit_code code = read_row(ctx, rows, &row, &value);
    if (code == EXIT_OK && rows->call.n > 0 && !fits(rows, &row, cell(rows, NAME))) {
        code = flush(rows, importer);
    }
    if (code != EXIT_OK) {
        return code;
    }
    if (rows->call.n == 0) {
        rows->call = row;
    }
    rows->names[rows->call.n] = copy(cell(rows, NAME));
    rows->values[rows->call.n] = value;
    rows->call.n++;
    return EXIT_OK;
}

enum exit_code import_long_read(struct ctx *ctx, struct import_long *rows, size_t i,
                                struct importer *importer) {
    assert(i < rows->n);
    const struct span *span = &rows->spans[i];
    struct why why = {""};
    bool more = true;
    enum exit_code code = csv_seek(rows->table->csv, span->offset, span->line, &why) == ERR_OK
                              ? EXIT_OK
                              : ctx_fail(ctx, EXIT_INTERNAL, "%s", why.text);
    while (code == EXIT_OK && more) {
        code = table_next(ctx, rows->table, &more);
        if (code != EXIT_OK || !more || csv_offset(rows->table->csv) > span->last_offset) {
            break;
        }
        uint32_t rank = 0;
        code = read_rank(ctx, rows, &rank);
        if (code == EXIT_OK && is_of(rows, span, rank)) {
            code = take_row(ctx, rows, importer);
        }
    }
    const enum exit_code last = flush(rows, importer);
    return code != EXIT_OK ? code : last;
}
