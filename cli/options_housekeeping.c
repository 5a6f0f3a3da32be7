/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands that delete, rename, and say how long things are kept. */

#include "cli/options_shared.h"

#define DRY_RUN                                                                                    \
    { .name = "dry-run", .kind = OPT_FLAG, .help = "only say what would be done" }
#define YES                                                                                        \
    { .name = "yes", .kind = OPT_FLAG, .help = "do it without asking" }
#define FORCE                                                                                      \
    { .name = "force", .kind = OPT_FLAG, .help = "also where a run has not ended" }
#define TO                                                                                         \
    { .name = "to", .kind = OPT_TEXT, .value = "NAME", .required = true, .help = "the new name" }

const struct opt delete_run_opts[] = {PROJECT, RUN, FORCE, DRY_RUN, YES, {0}};
const struct opt delete_project_opts[] = {PROJECT, FORCE, DRY_RUN, YES, {0}};
const struct opt rename_run_opts[] = {PROJECT, RUN, TO, DRY_RUN, YES, {0}};

const struct opt rename_project_opts[] = {
    PROJECT,
    TO,
    {.name = "free-name",
     .kind = OPT_FLAG,
     .help = "let jobs that say the old name make a new project, instead of going on in this one"},
    DRY_RUN,
    YES,
    {0},
};

const struct opt prune_opts[] = {
    ANY_PROJECT("only runs of this project"),
    {.name = "all-projects", .kind = OPT_FLAG, .help = "runs of all projects"},
    {.name = "older-than",
     .kind = OPT_TIME,
     .value = "TIME",
     .required = true,
     .max = 36500 * DAY_S,
     .help = "only runs whose last data is older than that: 12h, 30d"},
    {.name = "state",
     .kind = OPT_CHOICE,
     .value = "finished|failed|running",
     .help = "only this state; running: it never ended"},
    DRY_RUN,
    YES,
    {0},
};

#define KEEP(what, text)                                                                           \
    { .name = (what), .kind = OPT_TEXT, .value = "TIME", .help = (text) }

const struct opt retention_list_opts[] = {ANY_PROJECT("only this project"), {0}};

const struct opt retention_set_opts[] = {
    ANY_PROJECT("of this project, not of all that say nothing of their own"),
    KEEP("raw", "values as they were logged: 30d, 1y, forever; inherit: as for all projects"),
    KEEP("rollups", "what overviews show of older values"),
    KEEP("alerts", "alerts of which nothing is to be sent any more"),
    DRY_RUN,
    YES,
    {0},
};
