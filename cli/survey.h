/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SURVEY_H
#define CLI_SURVEY_H

/* The look before runs are deleted: which they are, and what goes with them. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "schema/db/pg.h"

/* Each narrows the choice; NULL: it does not. */
struct survey_choice {
    const char *project;
    const char *run_id;
    const char *older_s; /* nothing came for so long; and those that run are left out */
    const char *state;
};

enum survey_number { SURVEY_CALLS, SURVEY_BLOCKS, SURVEY_BYTES, SURVEY_ALERTS, SURVEY_WAITING };
#define SURVEY_NUMBERS 5

/* Columns of the rows that others need. */
enum survey_column { SURVEY_NAME = 1, SURVEY_STATE = 2, SURVEY_LAST_SEEN = 3, SURVEY_ID = 9 };

struct survey {
    const char *project;  /* as chosen; NULL: all */
    struct pg_rows *rows; /* a row for each run */
    int64_t total[SURVEY_NUMBERS];
    int64_t running; /* runs that have not ended */
    int64_t kept;    /* of these runs, for they have gone on since */
    bool of_project; /* the project goes too, and with it: */
    int64_t endpoints;
    int64_t messages;
};

/* As tocsin_owner. out: free with survey_fini(). */
enum exit_code survey_look(struct ctx *ctx, const struct survey_choice *choice, struct survey *out);
void survey_fini(struct survey *survey);
/* As the command's answer: rows, or the JSON document. */
enum exit_code survey_show(struct ctx *ctx, const struct survey *survey, bool dry_run);
/* "<verb>: 2 runs; calls 100, blocks 3, ..." on stderr. */
void survey_note(const struct survey *survey, const char *verb);

#endif
