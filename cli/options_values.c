/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands that print values of metrics. */

#include "cli/options_shared.h"
#include "cli/points.h"

#define SPAN                                                                                       \
    {.name = "step",                                                                               \
     .kind = OPT_INT,                                                                              \
     .value = "N",                                                                                 \
     .min = INT64_MIN,                                                                             \
     .max = INT64_MAX,                                                                             \
     .help = "exactly this step"},                                                                 \
        {.name = "around",                                                                         \
         .kind = OPT_INT,                                                                          \
         .value = "N",                                                                             \
         .min = INT64_MIN,                                                                         \
         .max = INT64_MAX,                                                                         \
         .help = "steps N - window to N + window"},                                                \
        {.name = "at-time",                                                                        \
         .kind = OPT_TEXT,                                                                         \
         .value = "TIME",                                                                          \
         .help = "window seconds to both sides of this time (ISO 8601)"},                          \
        {.name = "window",                                                                         \
         .kind = OPT_INT,                                                                          \
         .value = "N",                                                                             \
         .max = INT32_MAX,                                                                         \
         .fallback = "10",                                                                         \
         .help = "steps or seconds to both sides"},                                                \
        RANK, {                                                                                    \
        .name = "attempt", .kind = OPT_TEXT, .value = "N|all",                                     \
        .help = "only this start of each rank, or all; otherwise steps that a restarted rank "     \
                "logged again count once, from its latest start"                                   \
    }

#define ONE_VALUE                                                                                  \
    {                                                                                              \
        .name = "agg", .kind = OPT_CHOICE, .value = "mean|min|max|p50|p99",                        \
        .help = "make one value a step of those of all ranks; not with --rank"                     \
    }

const struct opt metric_opts[] = {
    PROJECT,
    RUN,
    {.name = "metric", .kind = OPT_TEXT, .value = "NAME", .required = true, .help = "the metric"},
    SPAN,
    ONE_VALUE,
    {.name = "max-points",
     .kind = OPT_INT,
     .value = "N",
     .max = POINTS_MAX,
     .fallback = "1000",
     .help = "print at most N values, chosen so that every spike is seen; 0: all"},
    {0},
};

const struct opt snapshot_opts[] = {PROJECT, RUN, SPAN, ONE_VALUE, LIMIT("1000"), {0}};

const struct opt system_metric_opts[] = {
    PROJECT,
    RUN,
    {.name = "metric", .kind = OPT_TEXT, .value = "NAME", .help = "only this metric"},
    RANK,
    {.name = "since",
     .kind = OPT_TEXT,
     .value = "TIME",
     .help = "only measurements after this time: ISO 8601, or so long ago: 15m, 2h, 7d"},
    {.name = "limit",
     .kind = OPT_INT,
     .value = "N",
     .max = LIMIT_MAX,
     .fallback = "50",
     .help = "print at most the newest so many measurements; 0: all"},
    {0},
};
