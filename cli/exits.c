/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exits.h"

#include <stddef.h>

const struct exits exits_table[] = {
    {EXIT_OK, "ok", "it worked; an empty result is no error", false},
    {EXIT_INTERNAL, "internal", "internal error; endpoint test: the message was not taken", false},
    {EXIT_USAGE, "usage",
     "the command line, or the SQL in it, is wrong, or a question was not answered with yes",
     false},
    {EXIT_NOT_FOUND, "not_found", "no such project, run or metric, or nothing with that id", false},
    {EXIT_AUTH, "auth", "the database refuses this user", false},
    {EXIT_UNREACHABLE, "unreachable",
     "the database or the collector cannot be reached; trying later may help", true},
    {EXIT_RUN_FAILED, "run_failed", "wait: the run failed, or ended without what was waited for",
     false},
    {EXIT_TIMEOUT, "timeout", "what was waited for did not happen in time", true},
    {0},
};

const struct exits *exits_find(enum exit_code code) {
    const struct exits *row = exits_table;
    while (row->code != code && row[1].name != NULL) {
        row++;
    }
    return row;
}
