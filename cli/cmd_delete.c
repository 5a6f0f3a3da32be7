/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cleanup.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli_sql.h"

static enum exit_code delete_run(struct ctx *ctx, const struct run *run) {
    const struct survey_choice choice = {.project = args_text(ctx->args, "project"),
                                         .run_id = run->id};
    struct cleanup cleanup = {
        .word = run->name,
        .deed = "delete this run",
        .may_run = args_given(ctx->args, "force"),
    };
    enum exit_code code = survey_look(ctx, &choice, &cleanup.survey);
    if (code == EXIT_OK) {
        code = cleanup_do(ctx, &cleanup);
        survey_fini(&cleanup.survey);
    }
    return code;
}

enum exit_code cmd_delete_run(struct ctx *ctx) {
    struct run run;
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = find_run(ctx, &run);
    }
    if (code == EXIT_OK) {
        code = delete_run(ctx, &run);
        find_run_free(&run);
    }
    return code;
}

enum { COLUMN_ID, COLUMN_ENDPOINTS, COLUMN_MESSAGES };

static enum exit_code delete_project(struct ctx *ctx, const struct pg_rows *project) {
    const char *name = args_text(ctx->args, "project");
    const struct survey_choice choice = {.project = name};
    struct cleanup cleanup = {
        .project_id = pg_text(project, 0, COLUMN_ID),
        .word = name,
        .deed = "delete this project",
        .may_run = args_given(ctx->args, "force"),
    };
    enum exit_code code = survey_look(ctx, &choice, &cleanup.survey);
    if (code == EXIT_OK) {
        cleanup.survey.of_project = true;
        cleanup.survey.endpoints = pg_int(project, 0, COLUMN_ENDPOINTS);
        cleanup.survey.messages = pg_int(project, 0, COLUMN_MESSAGES);
        code = cleanup_do(ctx, &cleanup);
        survey_fini(&cleanup.survey);
    }
    return code;
}

/* A project that has endpoints and no run is in no list of projects, and can be deleted. */
enum exit_code cmd_delete_project(struct ctx *ctx) {
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project"))};
    struct pg_rows *rows = NULL;
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_look_up_project, 1, params, &rows);
    }
    if (code == EXIT_OK) {
        code = pg_rows_n(rows) == 1 ? delete_project(ctx, rows) : find_project(ctx);
    }
    pg_rows_free(rows);
    return code;
}
