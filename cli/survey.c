/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/survey.h"

#include <inttypes.h>
#include <string.h>

#include "cli/db.h"
#include "cli/list.h"
#include "cli_sql.h"

#define COLUMN_FIRST_NUMBER 4

static const char *const names[SURVEY_NUMBERS] = {"calls", "blocks", "bytes", "alerts", "waiting"};

enum exit_code survey_look(struct ctx *ctx, const struct survey_choice *choice,
                           struct survey *out) {
    const struct pg_param params[] = {db_text(choice->project), db_text(choice->run_id),
                                      db_text(choice->older_s), db_text(choice->state)};
    struct survey survey = {.project = choice->project};
    const enum exit_code code = db_query(ctx, sql_survey_runs, 4, params, &survey.rows);
    if (code != EXIT_OK) {
        return code;
    }
    for (int row = 0; row < pg_rows_n(survey.rows); row++) {
        for (int i = 0; i < SURVEY_NUMBERS; i++) {
            survey.total[i] += pg_int(survey.rows, row, COLUMN_FIRST_NUMBER + i);
        }
        survey.running += strcmp(pg_text(survey.rows, row, SURVEY_STATE), "running") == 0;
    }
    *out = survey;
    return EXIT_OK;
}

void survey_fini(struct survey *survey) {
    pg_rows_free(survey->rows);
    survey->rows = NULL;
}

struct answer {
    const struct survey *survey;
    bool dry_run;
};

static void put_number(struct json *json, const char *name, int64_t number) {
    json_key(json, name);
    json_int(json, number);
}

static void put_head(struct json *json, const void *context) {
    const struct answer *answer = context;
    const struct survey *survey = answer->survey;
    json_key(json, "project");
    json_text(json, survey->project);
    json_key(json, "dry_run");
    json_bool(json, answer->dry_run);
    put_number(json, "runs", pg_rows_n(survey->rows));
    put_number(json, "kept", survey->kept);
    for (int i = 0; i < SURVEY_NUMBERS; i++) {
        put_number(json, names[i], survey->total[i]);
    }
    if (survey->of_project) {
        put_number(json, "endpoints", survey->endpoints);
        put_number(json, "messages", survey->messages);
    }
}

enum exit_code survey_show(struct ctx *ctx, const struct survey *survey, bool dry_run) {
    struct answer answer = {survey, dry_run};
    const struct list list = {
        .key = "details",
        .wide = 1, /* the id */
        .empty = "No runs.",
        .head = put_head,
        .context = &answer,
    };
    return list_show_rows(ctx, &list, survey->rows);
}

void survey_note(const struct survey *survey, const char *verb) {
    const int runs = pg_rows_n(survey->rows);
    const int64_t *total = survey->total;
    ctx_note("%s: %d run%s; calls %" PRId64 ", blocks %" PRId64 ", bytes %" PRId64
             ", alerts %" PRId64 ", deliveries that wait %" PRId64 ".",
             verb, runs, runs == 1 ? "" : "s", total[SURVEY_CALLS], total[SURVEY_BLOCKS],
             total[SURVEY_BYTES], total[SURVEY_ALERTS], total[SURVEY_WAITING]);
    if (survey->of_project) {
        ctx_note("With the project: endpoints %" PRId64 ", messages that wait %" PRId64 ".",
                 survey->endpoints, survey->messages);
    }
}
