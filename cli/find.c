/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/find.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/db.h"
#include "cli/names.h"
#include "cli_sql.h"

/* A name from the command line and where to look for it. */
struct search {
    const char *noun;   /* "Run" */
    const char *plural; /* "Runs" */
    const char *name;
    const char *place; /* " in project 'p'"; "" for projects */
    const char *sql;   /* its first column: the names that exist */
};

/* The near match, or what there is. Gives. */
static char *hint_for(const struct search *s, const struct pg_rows *rows) {
    const int n = pg_rows_n(rows);
    const char **names = calloc((size_t)n + 1, sizeof *names);
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (names == NULL || file == NULL) {
        abort();
    }
    for (int i = 0; i < n; i++) {
        names[i] = pg_text(rows, i, 0);
    }
    const char *nearest = names_nearest(s->name, names, n);
    if (nearest != NULL) {
        fprintf(file, "Did you mean '%s'?", nearest);
    } else {
        fprintf(file, "%s: ", s->plural);
        names_put(file, names, n);
        fputs(n == 0 ? "none yet." : ".", file);
    }
    free(names);
    if (fclose(file) != 0) {
        abort();
    }
    return text;
}

static enum exit_code not_found(struct ctx *ctx, const struct search *s, int n_params,
                                const struct pg_param *params) {
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, s->sql, n_params, params, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    char *hint = hint_for(s, rows);
    pg_rows_free(rows);
    ctx_fail(ctx, EXIT_NOT_FOUND, "%s '%s' not found%s.", s->noun, s->name, s->place);
    ctx_hint(ctx, EXIT_NOT_FOUND, "%s", hint);
    free(hint);
    return EXIT_NOT_FOUND;
}

/* Most names exist: one cheap look, and the list of all only for the complaint. */
static enum exit_code exists(struct ctx *ctx, const char *sql, int n, const struct pg_param *params,
                             bool *out_exists) {
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql, n, params, &rows);
    if (code == EXIT_OK) {
        *out_exists = pg_rows_n(rows) > 0;
    }
    pg_rows_free(rows);
    return code;
}

/* Jobs go on in a project that was renamed; a person is told the new name. */
static enum exit_code no_project(struct ctx *ctx, const struct pg_param *name) {
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_find_new_name, 1, name, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    if (pg_rows_n(rows) == 1) {
        ctx_fail(ctx, EXIT_NOT_FOUND, "Project '%s' not found.", name->ptr);
        ctx_hint(ctx, EXIT_NOT_FOUND, "It is called '%s' now.", pg_text(rows, 0, 0));
        pg_rows_free(rows);
        return EXIT_NOT_FOUND;
    }
    pg_rows_free(rows);
    const struct search search = {.noun = "Project",
                                  .plural = "Projects",
                                  .name = name->ptr,
                                  .place = "",
                                  .sql = sql_list_projects};
    return not_found(ctx, &search, 0, NULL);
}

enum exit_code find_project(struct ctx *ctx) {
    bool found = false;
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project"))};
    const enum exit_code code = exists(ctx, sql_find_project, 1, params, &found);
    return code != EXIT_OK || found ? code : no_project(ctx, params);
}

static enum exit_code no_run(struct ctx *ctx, const char *name) {
    enum exit_code code = find_project(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const char *project = args_text(ctx->args, "project");
    char *place = NULL;
    if (asprintf(&place, " in project '%s'", project) < 0) {
        abort();
    }
    const struct search search = {
        .noun = "Run", .plural = "Runs", .name = name, .place = place, .sql = sql_list_run_names};
    const struct pg_param params[] = {db_text(project)};
    code = not_found(ctx, &search, 1, params);
    free(place);
    return code;
}

enum exit_code find_metric(struct ctx *ctx, const struct run *run, const char *kind) {
    const bool system = strcmp(kind, "system") == 0;
    bool found = false;
    const struct pg_param params[] = {db_text(run->id), db_text(kind),
                                      db_text(args_text(ctx->args, "metric"))};
    enum exit_code code = exists(ctx, sql_find_metric, 3, params, &found);
    if (code != EXIT_OK || found) {
        return code;
    }
    char *place = NULL;
    if (asprintf(&place, " in run '%s' of project '%s'", run->name,
                 args_text(ctx->args, "project")) < 0) {
        abort();
    }
    const struct search search = {.noun = system ? "System metric" : "Metric",
                                  .plural = system ? "System metrics" : "Metrics",
                                  .name = args_text(ctx->args, "metric"),
                                  .place = place,
                                  .sql = sql_list_metrics};
    code = not_found(ctx, &search, 2, params);
    free(place);
    return code;
}

/* An id as the views show it, or in hexadecimal with 0x. False: not one. */
static bool parse_id(const char *text, char out[24]) {
    char *end = NULL;
    errno = 0;
    const intmax_t id = strtoimax(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (end == text || *end != '\0' || errno != 0 || id < 0) {
        return false;
    }
    snprintf(out, 24, "%jd", id);
    return true;
}

enum exit_code find_run(struct ctx *ctx, struct run *out_run) {
    return find_run_named(ctx, args_text(ctx->args, "run"), out_run);
}

enum exit_code find_run_named(struct ctx *ctx, const char *name, struct run *out_run) {
    char id[24];
    struct pg_rows *rows = NULL;
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project")), db_text(name),
                                      db_text(parse_id(name, id) ? id : NULL)};
    const enum exit_code code = db_query(ctx, sql_find_run, 3, params, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    if (pg_rows_n(rows) == 0) {
        pg_rows_free(rows);
        return no_run(ctx, name);
    }
    out_run->id = strdup(pg_text(rows, 0, 0));
    out_run->name = strdup(pg_text(rows, 0, 1));
    pg_rows_free(rows);
    if (out_run->id == NULL || out_run->name == NULL) {
        abort();
    }
    return EXIT_OK;
}

void find_run_free(struct run *run) {
    free(run->id);
    free(run->name);
}
