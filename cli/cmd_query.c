/* SPDX-License-Identifier: Apache-2.0 */
/* A user's own SQL. What keeps it from writing is PostgreSQL, not a look at its text: it is one
 * statement (the extended protocol takes no second one), in a transaction that is read-only from
 * before its start, under a role that may read the views and nothing else; and the transaction is
 * always rolled back. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/rows.h"
#include "cli_sql.h"

#define ROWS_MAX 10000
#define BYTES_MAX                                                                                  \
    ((size_t)64 * 1024 * 1024) /* of all fields; they are kept until the last row is good */

/* The answer, collected: an error in its last row must leave stdout empty. */
struct answer {
    struct ctx *ctx;
    const char *sql;
    bool started;
    struct columns columns;
    int rows;
    size_t bytes;
    const char *problem; /* why it was stopped; NULL: it was not */
    char *text;
    size_t len;
    FILE *file;      /* memory behind text */
    struct out *out; /* NULL for JSON */
    struct json json;
};

static void start_json(struct answer *a, const struct pg_rows *rows) {
    json_init(&a->json, a->file, ctx_json_form(a->ctx));
    json_open(&a->json, '{');
    json_key(&a->json, "project");
    json_text(&a->json, args_text(a->ctx->args, "project"));
    json_key(&a->json, "query");
    json_text(&a->json, a->sql);
    json_key(&a->json, "columns");
    json_open(&a->json, '[');
    for (int i = 0; i < a->columns.n; i++) {
        json_text(&a->json, pg_column_name(rows, i));
    }
    json_close(&a->json);
    json_key(&a->json, "rows");
    json_open(&a->json, '[');
}

static bool names_repeat(const struct pg_rows *rows) {
    for (int i = 1; i < pg_columns_n(rows); i++) {
        for (int j = 0; j < i; j++) {
            if (strcmp(pg_column_name(rows, i), pg_column_name(rows, j)) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool start(struct answer *a, const struct pg_rows *rows) {
    a->started = true;
    columns_all(pg_columns_n(rows), &a->columns);
    if (a->columns.n == 0) {
        a->problem = "Only read-only SELECT and WITH queries are supported.";
    } else if (!a->ctx->json) {
        a->out = rows_out_new(a->ctx, a->file, rows, &a->columns);
    } else if (names_repeat(rows)) {
        a->problem = "Two columns have the same name. Give them names of their own with AS.";
    } else if (!a->ctx->lines) {
        start_json(a, rows);
    }
    return a->problem == NULL;
}

static void put_line(struct answer *a, const struct pg_rows *rows, int row) {
    json_init(&a->json, a->file, JSON_LINE);
    rows_json_row(&a->json, rows, row, &a->columns);
    json_end(&a->json);
}

static void put(struct answer *a, const struct pg_rows *rows, int row) {
    if (a->out != NULL) {
        rows_out(a->out, rows, row, &a->columns);
    } else if (a->ctx->lines) {
        put_line(a, rows, row);
    } else {
        rows_json_row(&a->json, rows, row, &a->columns);
    }
}

static bool within_limits(struct answer *a, const struct pg_rows *rows, int row) {
    for (int i = 0; i < a->columns.n; i++) {
        const char *text = pg_text(rows, row, i);
        a->bytes += text == NULL ? 0 : strlen(text);
    }
    if (++a->rows > ROWS_MAX) {
        a->problem = "Query returned more than 10000 rows. Refine the query or add a LIMIT clause.";
    } else if (a->bytes > BYTES_MAX) {
        a->problem = "Query returned more than 64 MiB. Refine the query or add a LIMIT clause.";
    }
    return a->problem == NULL;
}

static bool each(void *context, const struct pg_rows *rows) {
    struct answer *a = context;
    if (!a->started && !start(a, rows)) {
        return false;
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        if (!within_limits(a, rows, i)) {
            return false;
        }
        put(a, rows, i);
    }
    return true;
}

static void finish_json(struct answer *a) {
    json_close(&a->json);
    json_key(&a->json, "row_count");
    json_int(&a->json, a->rows);
    ctx_json_close(&a->json);
}

/* Read-only and as the reader from the first moment on. */
static enum exit_code enter(struct ctx *ctx) {
    struct why why = {""};
    const enum err err =
        pg_run(ctx->pg, "begin transaction read only; set local role tocsin_reader", &why);
    if (err == ERR_DB_PERMISSION) {
        return ctx_fail(ctx, EXIT_AUTH,
                        "The user of this DSN may not act as tocsin_reader. Use one with "
                        "user=tocsin_reader, or run: grant tocsin_reader to <the user>");
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    struct pg_rows *rows = NULL;
    char timeout[32];
    snprintf(timeout, sizeof timeout, "%ss", args_text(ctx->args, "timeout"));
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project")), db_text(timeout)};
    enum exit_code code = db_query(ctx, sql_query_setup, 2, params, &rows);
    if (code == EXIT_OK && pg_text(rows, 0, 1)[0] == 't') {
        code = ctx_fail(ctx, EXIT_AUTH,
                        "User '%s' could leave the read-only role again. Use a DSN with "
                        "user=tocsin_reader.",
                        pg_text(rows, 0, 0));
    }
    pg_rows_free(rows);
    return code;
}

/* Whatever the statement does wrong is the user's, not ours; PostgreSQL may know the remedy. */
static enum exit_code run_statement(struct ctx *ctx, struct answer *a) {
    struct why why = {""};
    const enum err err = pg_stream(ctx->pg, a->sql, 0, NULL, each, a, &why);
    if (err == ERR_DB_UNREACHABLE) {
        return db_fail(ctx, err, &why);
    }
    if (err != ERR_OK) {
        const char *hint = pg_hint(ctx->pg);
        ctx_fail(ctx, EXIT_USAGE, "%s.", why.text);
        return ctx_hint(ctx, EXIT_USAGE, "%s",
                        hint[0] != '\0' ? hint : "See: tocsin query project --help");
    }
    if (a->problem != NULL) {
        return ctx_fail(ctx, EXIT_USAGE, "%s", a->problem);
    }
    return EXIT_OK;
}

static enum exit_code answer_statement(struct ctx *ctx, struct answer *a) {
    const enum exit_code code = run_statement(ctx, a);
    if (code == EXIT_OK && a->ctx->json && !a->ctx->lines) {
        finish_json(a);
    } else if (code == EXIT_OK) {
        out_end(a->out);
    }
    out_free(a->out);
    if (fclose(a->file) != 0) {
        abort();
    }
    if (code == EXIT_OK) {
        fwrite(a->text, 1, a->len, ctx->out);
    }
    if (code == EXIT_OK && a->rows == 0) {
        ctx_remark(ctx, "(no rows)");
    }
    free(a->text);
    return code;
}

/* Without blanks around it and without its last semicolon. Gives. */
static char *strip(const char *sql) {
    while (isspace((unsigned char)*sql)) {
        sql++;
    }
    size_t len = strlen(sql);
    while (len > 0 && (isspace((unsigned char)sql[len - 1]) || sql[len - 1] == ';')) {
        len--;
    }
    char *stripped = strndup(sql, len);
    if (stripped == NULL) {
        abort();
    }
    return stripped;
}

enum exit_code cmd_query_project(struct ctx *ctx) {
    char *sql = strip(args_text(ctx->args, "sql"));
    if (sql[0] == '\0') {
        free(sql);
        return ctx_fail(ctx, EXIT_USAGE, "Query cannot be empty.");
    }
    enum exit_code code = find_project(ctx);
    if (code == EXIT_OK) {
        code = enter(ctx);
    }
    if (code == EXIT_OK) {
        struct answer a = {.ctx = ctx, .sql = sql};
        a.file = open_memstream(&a.text, &a.len);
        if (a.file == NULL) {
            abort();
        }
        code = answer_statement(ctx, &a);
    }
    free(sql);
    return code;
}
