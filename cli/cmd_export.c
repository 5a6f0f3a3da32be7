/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a project as CSV or a JSON object a line, row by row: memory does not grow with them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/export_file.h"
#include "cli/export_values.h"
#include "cli/export_wide.h"
#include "cli/find.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define PARAMS 5

struct export {
    struct ctx *ctx;
    struct export_file file;
    struct columns columns;
    struct export_wide *wide; /* NULL: long form */
    bool lines;
    uint64_t rows;
    char *names; /* --metric as PostgreSQL's text of an array; NULL: all */
};

/* Rows */

static void put_header(const struct export *export, const struct pg_rows *rows) {
    for (int i = 0; i < EXPORT_COLUMNS; i++) {
        fprintf(export->file.file, "%s%s", i > 0 ? "," : "", pg_column_name(rows, i));
    }
    putc('\n', export->file.file);
}

static void put_csv(const struct export *export, const struct pg_rows *rows, int row) {
    char time[ROWS_TIME_BYTES];
    for (int i = 0; i < EXPORT_COLUMNS; i++) {
        const char *text = pg_text(rows, row, i);
        if (i == EXPORT_TIME) {
            rows_time(text, time);
            text = time;
        }
        if (i > 0) {
            putc(',', export->file.file);
        }
        export_file_cell(&export->file, text);
    }
    putc('\n', export->file.file);
}

static void put_line(const struct export *export, const struct pg_rows *rows, int row) {
    struct json json;
    json_init(&json, export->file.file, JSON_LINE);
    rows_json_row(&json, rows, row, &export->columns);
    json_end(&json);
}

static bool each(void *context, const struct pg_rows *rows) {
    struct export *export = context;
    for (int i = 0; i < pg_rows_n(rows); i++) {
        if (export->wide != NULL) {
            export_wide_put(export->wide, rows, i);
        } else if (export->lines) {
            put_line(export, rows, i);
        } else {
            if (export->rows == 0) {
                put_header(export, rows);
            }
            put_csv(export, rows, i);
        }
        export->rows++;
    }
    return ferror(export->file.file) == 0;
}

/* Question */

static void put_quoted(FILE *file, const char *text) {
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            putc('\\', file);
        }
        putc(*text, file);
    }
    putc('"', file);
}

/* The values of --metric; NULL: none is given. Gives. */
static char *names_of(const struct args *args) {
    char *text = NULL;
    size_t len = 0;
    if (args_list(args, "metric", 0) == NULL) {
        return NULL;
    }
    FILE *file = open_memstream(&text, &len);
    if (file == NULL) {
        abort();
    }
    putc('{', file);
    for (int i = 0; args_list(args, "metric", i) != NULL; i++) {
        if (i > 0) {
            putc(',', file);
        }
        put_quoted(file, args_list(args, "metric", i));
    }
    putc('}', file);
    if (fclose(file) != 0) {
        abort();
    }
    return text;
}

static enum exit_code check_options(struct ctx *ctx) {
    const struct args *args = ctx->args;
    const char *format = args_text(args, "format");
    const bool wide = args_given(args, "wide");
    if ((format != NULL && strcmp(format, "csv") != 0 && strcmp(format, "ndjson") != 0) ||
        (ctx->json && !ctx->lines)) {
        return ctx_fail(ctx, EXIT_USAGE, "export writes --format=csv or --format=ndjson");
    }
    if (wide && (ctx->lines || args_text(args, "run") == NULL || args_given(args, "system"))) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "--wide is a table of the metrics of one run: it needs --run, and goes "
                        "with neither --system nor --format=ndjson");
    }
    return wide && args_text(args, "attempts") != NULL
               ? ctx_fail(ctx, EXIT_USAGE, "--wide has no place for --attempts")
               : EXIT_OK;
}

/* --run, if it is given; otherwise the project must be there. */
static enum exit_code find(struct ctx *ctx, struct run *out_run) {
    *out_run = (struct run){0};
    return args_text(ctx->args, "run") != NULL ? find_run(ctx, out_run) : find_project(ctx);
}

/* The columns of a wide table: --metric as given, else all that the run has. */
static enum exit_code open_wide(struct export *export, const struct run *run) {
    struct ctx *ctx = export->ctx;
    const bool with_rank = args_text(ctx->args, "rank") == NULL;
    struct pg_rows *rows = NULL;
    const struct pg_param params[] = {db_text(run->id), db_text("metric")};
    const enum exit_code code = db_query(ctx, sql_list_metrics, 2, params, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    size_t n = 0;
    const char **names = calloc((size_t)pg_rows_n(rows) + ARGS_LIST_MAX, sizeof *names);
    if (names == NULL) {
        abort();
    }
    for (; args_list(ctx->args, "metric", (int)n) != NULL; n++) {
        names[n] = args_list(ctx->args, "metric", (int)n);
    }
    for (int i = 0; args_list(ctx->args, "metric", 0) == NULL && i < pg_rows_n(rows); i++) {
        names[n++] = pg_text(rows, i, 0);
    }
    export->wide = export_wide_new(&export->file, n, names, with_rank);
    free(names);
    pg_rows_free(rows);
    return EXIT_OK;
}

static enum exit_code write_rank(struct export *export, const char *run_id, const char *rank) {
    const struct args *args = export->ctx->args;
    const struct pg_param params[PARAMS] = {
        db_text(run_id), db_text(rank), db_text(export->names),
        db_text(args_text(args, "attempts") != NULL ? "true" : "false"),
        db_text(args_given(args, "system") ? "system" : "metric")};
    return db_stream(export->ctx, sql_export_values, PARAMS, params, each, export);
}

static enum exit_code write_run(struct export *export, const char *run_id) {
    struct ctx *ctx = export->ctx;
    struct pg_rows *ranks = NULL;
    const struct pg_param params[] = {db_text(run_id), db_text(args_text(ctx->args, "rank"))};
    enum exit_code code = db_query(ctx, sql_export_ranks, 2, params, &ranks);
    const int n = code == EXIT_OK ? pg_rows_n(ranks) : 0;
    for (int i = 0; code == EXIT_OK && i < n; i++) {
        code = write_rank(export, run_id, pg_text(ranks, i, 0));
    }
    pg_rows_free(ranks);
    return code;
}

static enum exit_code write_runs(struct export *export, const struct run *run) {
    struct ctx *ctx = export->ctx;
    struct pg_rows *runs = NULL;
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project")), db_text(run->id)};
    enum exit_code code = db_query(ctx, sql_export_runs, 2, params, &runs);
    const int n = code == EXIT_OK ? pg_rows_n(runs) : 0;
    for (int i = 0; code == EXIT_OK && i < n; i++) {
        code = write_run(export, pg_text(runs, i, 0));
    }
    pg_rows_free(runs);
    return code;
}

static enum exit_code write_rows(struct export *export, const struct run *run) {
    struct ctx *ctx = export->ctx;
    enum exit_code code = args_given(ctx->args, "wide") ? open_wide(export, run) : EXIT_OK;
    if (code == EXIT_OK) {
        code = write_runs(export, run);
    }
    if (code == EXIT_OK && export->wide != NULL) {
        export_wide_end(export->wide);
    }
    export_wide_free(export->wide);
    if (code == EXIT_OK && export->rows == 0) {
        return ctx_fail(ctx, EXIT_NOT_FOUND,
                        "there are no such values in project '%s'. See: tocsin list metrics --help",
                        args_text(ctx->args, "project"));
    }
    return code;
}

static enum exit_code export_run(struct ctx *ctx, const struct run *run) {
    struct export export = {.ctx = ctx, .lines = ctx->lines, .names = names_of(ctx->args)};
    const char *path = args_text(ctx->args, "out");
    columns_all(EXPORT_COLUMNS, &export.columns);
    export.columns.named_odds = false; /* the value is the only number that can be odd */
    enum exit_code code = export_file_open(ctx, path, &export.file);
    if (code == EXIT_OK) {
        code = export_file_close(ctx, &export.file, write_rows(&export, run));
    }
    free(export.names);
    if (code == EXIT_OK && path != NULL) {
        ctx_note("%" PRIu64 " values in %s", export.rows, path);
    }
    return code;
}

enum exit_code cmd_export(struct ctx *ctx) {
    struct run run;
    enum exit_code code = check_options(ctx);
    if (code == EXIT_OK) {
        code = find(ctx, &run);
    }
    if (code == EXIT_OK) {
        code = export_run(ctx, &run);
        find_run_free(&run);
    }
    return code;
}
