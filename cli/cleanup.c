/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cleanup.h"

#include <inttypes.h>

#include "cli/confirm.h"
#include "cli/erase.h"

static enum exit_code refuse_running(struct ctx *ctx, const struct survey *survey) {
    if (survey->running == 1 && pg_rows_n(survey->rows) == 1) {
        ctx_fail(ctx, EXIT_USAGE, "Run '%s' has not ended (last data: %s); nothing was deleted.",
                 pg_text(survey->rows, 0, SURVEY_NAME), pg_text(survey->rows, 0, SURVEY_LAST_SEEN));
    } else {
        ctx_fail(ctx, EXIT_USAGE, "%" PRId64 " of the %d runs have not ended; nothing was deleted.",
                 survey->running, pg_rows_n(survey->rows));
    }
    return ctx_hint(ctx, EXIT_USAGE,
                    "Stop the job first; if it was killed and is gone, add --force.");
}

static enum exit_code erase_rows(struct erase *erase, struct cleanup *cleanup) {
    const struct pg_rows *rows = cleanup->survey.rows;
    enum exit_code code = EXIT_OK;
    for (int row = 0; code == EXIT_OK && row < pg_rows_n(rows); row++) {
        const struct erase_seen seen = {
            .state = cleanup->may_run ? NULL : pg_text(rows, row, SURVEY_STATE),
            .last_seen = cleanup->may_run ? NULL : pg_text(rows, row, SURVEY_LAST_SEEN)};
        bool gone_on = false;
        code = erase_run(erase, pg_text(rows, row, SURVEY_ID), seen, &gone_on);
        cleanup->survey.kept += gone_on;
    }
    return code;
}

static enum exit_code erase_all(struct ctx *ctx, struct cleanup *cleanup) {
    struct erase erase;
    const enum exit_code code = erase_start(ctx, cleanup->survey.total[SURVEY_BLOCKS], &erase);
    if (code != EXIT_OK) {
        return code;
    }
    return cleanup->project_id != NULL ? erase_project(&erase, cleanup->project_id)
                                       : erase_rows(&erase, cleanup);
}

static enum exit_code ask(struct ctx *ctx, const struct cleanup *cleanup) {
    if (!ctx->json) {
        const enum exit_code code = survey_show(ctx, &cleanup->survey, false);
        if (code != EXIT_OK) {
            return code;
        }
    }
    survey_note(&cleanup->survey, "To be deleted");
    return confirm(ctx, cleanup->word, cleanup->deed);
}

static enum exit_code report(struct ctx *ctx, const struct cleanup *cleanup) {
    const struct survey *survey = &cleanup->survey;
    if (survey->kept > 0) {
        ctx_note("%" PRId64 " of the runs have gone on since they were looked at, and stay.",
                 survey->kept);
    }
    if (ctx->json) {
        return survey_show(ctx, survey, false);
    }
    ctx_note("Done. PostgreSQL uses the room again once it has vacuumed the tables.");
    return EXIT_OK;
}

enum exit_code cleanup_do(struct ctx *ctx, struct cleanup *cleanup) {
    const struct survey *survey = &cleanup->survey;
    const bool nothing = pg_rows_n(survey->rows) == 0 && cleanup->project_id == NULL;
    if (args_given(ctx->args, "dry-run") || nothing) {
        return survey_show(ctx, survey, args_given(ctx->args, "dry-run"));
    }
    if (survey->running > 0 && !cleanup->may_run) {
        return refuse_running(ctx, survey);
    }
    enum exit_code code = ask(ctx, cleanup);
    if (code == EXIT_OK) {
        code = erase_all(ctx, cleanup);
    }
    return code == EXIT_OK ? report(ctx, cleanup) : code;
}
