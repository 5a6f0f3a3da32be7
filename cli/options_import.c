/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#define NAME                                                                                       \
    {                                                                                              \
        .name = "name", .kind = OPT_TEXT, .value = "NAME",                                         \
        .help = "name of the run; of several: what stands before their own"                        \
    }
#define REST                                                                                       \
    {.name = "group", .kind = OPT_TEXT, .value = "NAME", .help = "group of the runs"},             \
        {.name = "endpoint",                                                                       \
         .kind = OPT_TEXT,                                                                         \
         .value = "LIST",                                                                          \
         .help = "collectors to deliver to; else TOCSIN_ENDPOINT, else this user's"},              \
        {.name = "timeout",                                                                        \
         .kind = OPT_TIME,                                                                         \
         .value = "TIME",                                                                          \
         .min = 1,                                                                                 \
         .max = 3600,                                                                              \
         .fallback = "30s",                                                                        \
         .help = "give up when the collector has taken nothing for so long"},                      \
    {                                                                                              \
        .name = "dry-run", .kind = OPT_FLAG,                                                       \
        .help = "only read everything and tell what would be imported"                             \
    }

const struct opt import_opts[] = {
    {.name = "project", .kind = OPT_TEXT, .value = "NAME", .required = true, .help = "the project"},
    NAME,
    REST,
    {0}};

const struct opt import_trackio_opts[] = {
    {.name = "project",
     .kind = OPT_TEXT,
     .value = "NAME",
     .help = "the project; without it: the file's name without its ending"},
    NAME,
    REST,
    {0}};

const struct opt export_opts[] = {
    {.name = "project", .kind = OPT_TEXT, .value = "NAME", .required = true, .help = "the project"},
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only the newest run of that name, or the run with that id"},
    {.name = "metric",
     .kind = OPT_LIST,
     .value = "NAME",
     .help = "only this metric; may be repeated"},
    {.name = "rank", .kind = OPT_INT, .value = "N", .max = INT32_MAX, .help = "only this rank"},
    {.name = "attempts",
     .kind = OPT_CHOICE,
     .value = "all",
     .help = "also steps that a restarted rank logged again"},
    {.name = "system", .kind = OPT_FLAG, .help = "system metrics, which have no step"},
    {.name = "wide",
     .kind = OPT_FLAG,
     .help = "a row for each step and rank, a column for each metric; needs --run"},
    {.name = "out",
     .kind = OPT_TEXT,
     .value = "FILE",
     .help = "write there; the file appears when it is whole"},
    {0},
};
