/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_SHARED_H
#define CLI_OPTIONS_SHARED_H

/* Options that several commands have, each said once. For the tables of options only. */

#include "cli/options.h"

#define PROJECT                                                                                    \
    {                                                                                              \
        .name = "project", .kind = OPT_TEXT, .value = "NAME", .required = true,                    \
        .help = "the project"                                                                      \
    }
#define RUN                                                                                        \
    {                                                                                              \
        .name = "run", .kind = OPT_TEXT, .value = "NAME|ID", .required = true,                     \
        .help = "the newest run of that name, or the run with that id"                             \
    }
#define RANK                                                                                       \
    { .name = "rank", .kind = OPT_INT, .value = "N", .max = INT32_MAX, .help = "only this rank" }
#define ANY_PROJECT(text)                                                                          \
    { .name = "project", .kind = OPT_TEXT, .value = "NAME", .help = (text) }
#define DAY_S INT64_C(86400)

/* Rows that are printed at most; the fallback fits into what an agent can read. */
#define LIMIT(count)                                                                               \
    {                                                                                              \
        .name = "limit", .kind = OPT_INT, .value = "N", .max = LIMIT_MAX, .fallback = (count),     \
        .help = "print at most so many; 0: all"                                                    \
    }
#define LIMIT_MAX 1000000

#endif
