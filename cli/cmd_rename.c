/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli_sql.h"
#include "schema/wire/wire.h"

#define NAME_TAKEN "23505" /* SQLSTATE of a unique index */

static enum exit_code check_name(struct ctx *ctx, const char *name) {
    if (name[0] == '\0' || strlen(name) > WIRE_NAME_BYTES_MAX || !str_is_text(str_of(name))) {
        return ctx_fail(ctx, EXIT_USAGE, "--to is a text of 1 to %d bytes.", WIRE_NAME_BYTES_MAX);
    }
    return db_become_owner(ctx);
}

static enum exit_code is_being_deleted(struct ctx *ctx, const char *noun) {
    return ctx_fail(ctx, EXIT_USAGE, "This %s is being deleted; delete it again to finish that.",
                    noun);
}

static void put_text(struct json *json, const char *name, const char *text) {
    json_key(json, name);
    json_text(json, text);
}

static void put_ends(struct json *json, const struct ctx *ctx) {
    put_text(json, "to", args_text(ctx->args, "to"));
    json_key(json, "dry_run");
    json_bool(json, args_given(ctx->args, "dry-run"));
    ctx_json_close(json);
}

/* Runs. */

static void print_run(const struct ctx *ctx, const struct run *run) {
    const char *verb = args_given(ctx->args, "dry-run") ? "would be" : "is";
    if (!ctx->json) {
        ctx_note("Run '%s' (%s) %s called '%s'.", run->name, run->id, verb,
                 args_text(ctx->args, "to"));
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    put_text(&json, "project", args_text(ctx->args, "project"));
    put_text(&json, "run", run->name);
    put_text(&json, "run_id", run->id);
    put_ends(&json, ctx);
}

static enum exit_code change_run(struct ctx *ctx, const struct run *run) {
    const struct pg_param params[] = {db_text(run->id), db_text(args_text(ctx->args, "to"))};
    struct pg_rows *rows = NULL;
    enum exit_code code = confirm(ctx, "yes", "rename this run");
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_rename_run, 2, params, &rows);
    }
    if (code == EXIT_OK && pg_rows_n(rows) == 0) {
        code = is_being_deleted(ctx, "run");
    } else if (code == EXIT_OK && pg_int(rows, 0, 0) > 0) {
        ctx_note("%s more of that name: --run with the name means the newest of them.",
                 pg_text(rows, 0, 0));
    }
    pg_rows_free(rows);
    return code;
}

enum exit_code cmd_rename_run(struct ctx *ctx) {
    struct run run;
    enum exit_code code = check_name(ctx, args_text(ctx->args, "to"));
    if (code == EXIT_OK) {
        code = find_run(ctx, &run);
    }
    if (code != EXIT_OK) {
        return code;
    }
    if (!args_given(ctx->args, "dry-run")) {
        code = change_run(ctx, &run);
    }
    if (code == EXIT_OK) {
        print_run(ctx, &run);
    }
    find_run_free(&run);
    return code;
}

/* Projects. */

static enum exit_code look_up(struct ctx *ctx, const char *name, struct pg_rows **out_rows) {
    const struct pg_param params[] = {db_text(name)};
    return db_query(ctx, sql_look_up_project, 1, params, out_rows);
}

static enum exit_code is_taken(struct ctx *ctx) {
    ctx_fail(ctx, EXIT_USAGE, "There is a project '%s' already.", args_text(ctx->args, "to"));
    return ctx_hint(ctx, EXIT_USAGE,
                    "Projects cannot be joined; choose another name, or rename or "
                    "delete that one first.");
}

static enum exit_code check_free(struct ctx *ctx) {
    struct pg_rows *rows = NULL;
    enum exit_code code = look_up(ctx, args_text(ctx->args, "to"), &rows);
    if (code == EXIT_OK && pg_rows_n(rows) > 0) {
        code = is_taken(ctx);
    }
    pg_rows_free(rows);
    return code;
}

static void print_project(const struct ctx *ctx) {
    const char *name = args_text(ctx->args, "project");
    const bool is_free = args_given(ctx->args, "free-name");
    if (!ctx->json) {
        ctx_note("Project '%s' %s called '%s'. Jobs that say '%s' %s.", name,
                 args_given(ctx->args, "dry-run") ? "would be" : "is", args_text(ctx->args, "to"),
                 name, is_free ? "make a new project" : "go on in it");
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    put_text(&json, "project", name);
    json_key(&json, "name_freed");
    json_bool(&json, is_free);
    put_ends(&json, ctx);
}

static enum exit_code change_project(struct ctx *ctx, const char *project_id) {
    const bool is_free = args_given(ctx->args, "free-name");
    const struct pg_param params[] = {db_text(project_id), db_text(args_text(ctx->args, "to")),
                                      db_text(args_text(ctx->args, "project")),
                                      db_text(is_free ? "t" : "f")};
    struct pg_rows *rows = NULL;
    enum exit_code code = confirm(ctx, "yes", "rename this project");
    if (code != EXIT_OK) {
        return code;
    }
    code = db_query(ctx, sql_rename_project, 4, params, &rows);
    if (code != EXIT_OK && strcmp(pg_sqlstate(ctx->pg), NAME_TAKEN) == 0) {
        code = is_taken(ctx);
    } else if (code == EXIT_OK && pg_rows_n(rows) == 0) {
        code = is_being_deleted(ctx, "project");
    } else if (code == EXIT_OK && pg_text(rows, 0, 0) != NULL) {
        ctx_note("Project '%s' was called '%s' once: jobs that still say so now go on in this one.",
                 pg_text(rows, 0, 0), args_text(ctx->args, "to"));
    }
    pg_rows_free(rows);
    return code;
}

static enum exit_code rename_project(struct ctx *ctx, const char *project_id) {
    enum exit_code code = check_free(ctx);
    if (code == EXIT_OK && !args_given(ctx->args, "dry-run")) {
        code = change_project(ctx, project_id);
    }
    if (code == EXIT_OK) {
        print_project(ctx);
    }
    return code;
}

enum exit_code cmd_rename_project(struct ctx *ctx) {
    struct pg_rows *rows = NULL;
    enum exit_code code = check_name(ctx, args_text(ctx->args, "to"));
    if (code == EXIT_OK) {
        code = look_up(ctx, args_text(ctx->args, "project"), &rows);
    }
    if (code == EXIT_OK) {
        code = pg_rows_n(rows) == 1 ? rename_project(ctx, pg_text(rows, 0, 0)) : find_project(ctx);
    }
    pg_rows_free(rows);
    return code;
}
