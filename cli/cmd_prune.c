/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cleanup.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"

#define NUMBER_BYTES 24

/* Of one project or of all: neither is what somebody forgot to say. */
static enum exit_code check_scope(struct ctx *ctx) {
    const bool one = args_given(ctx->args, "project");
    if (one == args_given(ctx->args, "all-projects")) {
        return ctx_fail(ctx, EXIT_USAGE, "prune takes either --project NAME or --all-projects.");
    }
    return one ? find_project(ctx) : EXIT_OK;
}

static enum exit_code prune(struct ctx *ctx, const struct survey_choice *choice) {
    char runs[NUMBER_BYTES];
    struct cleanup cleanup = {.word = runs, .deed = "delete so many runs", .may_run = false};
    enum exit_code code = survey_look(ctx, choice, &cleanup.survey);
    if (code == EXIT_OK) {
        snprintf(runs, sizeof runs, "%d", pg_rows_n(cleanup.survey.rows));
        cleanup.survey.running = 0; /* those that have not ended have been silent for long */
        code = cleanup_do(ctx, &cleanup);
        survey_fini(&cleanup.survey);
    }
    return code;
}

enum exit_code cmd_prune(struct ctx *ctx) {
    char older_s[NUMBER_BYTES];
    snprintf(older_s, sizeof older_s, "%" PRId64, args_int(ctx->args, "older-than"));
    const struct survey_choice choice = {.project = args_text(ctx->args, "project"),
                                         .older_s = older_s,
                                         .state = args_text(ctx->args, "state")};
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = check_scope(ctx);
    }
    return code == EXIT_OK ? prune(ctx, &choice) : code;
}
