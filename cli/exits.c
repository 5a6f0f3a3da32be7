/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exits.h"

#include <stddef.h>

const struct exits exits_table[] = {
    {"ok", "it worked; an empty result is no error", EXIT_OK, false},
    {"internal", "internal error; endpoint test: the message was not taken", EXIT_INTERNAL, false},
    {"usage",
     "the command line, or the SQL in it, is wrong, or a question was not answered with yes",
     EXIT_USAGE, false},
    {"not_found", "no such project, run or metric, or nothing with that id", EXIT_NOT_FOUND, false},
    {"auth", "the database refuses this user", EXIT_AUTH, false},
    {"unreachable", "the database or the collector cannot be reached; trying later may help",
     EXIT_UNREACHABLE, true},
    {"run_failed", "wait: the run failed, or ended without what was waited for", EXIT_RUN_FAILED,
     false},
    {"timeout", "what was waited for did not happen in time", EXIT_TIMEOUT, true},
    {0},
};

const struct exits *exits_find(enum exit_code code) {
    const struct exits *row = exits_table;
    while (row->code != code && row[1].name != NULL) {
        row++;
    }
    return row;
}
