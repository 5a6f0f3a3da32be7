/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "cli/options_shared.h"

const struct opt command_globals[] = {
    {.name = "dsn",
     .kind = OPT_TEXT,
     .value = "DSN",
     .help = "PostgreSQL to use, as libpq takes it; else TOCSIN_DSN, else the private one"},
    {.name = "json", .kind = OPT_FLAG, .help = "the same as --format=json"},
    {.name = "format",
     .kind = OPT_CHOICE,
     .value = "json|ndjson|tsv|csv|table",
     .help = "json: one document; ndjson: an object a line, for each row; otherwise a table on a "
             "terminal, else tsv"},
    {.name = "color",
     .kind = OPT_CHOICE,
     .value = "auto|always|never",
     .fallback = "auto",
     .help = "colour in tables; auto: on a terminal, unless NO_COLOR is set"},
    {.name = "help", .kind = OPT_FLAG, .help = "show this text"},
    {.name = "version", .kind = OPT_FLAG, .help = "print the version"},
    {0},
};

const struct opt command_row_opts[] = {
    {.name = "fields",
     .kind = OPT_TEXT,
     .value = "NAME,...",
     .help = "only these fields of the rows, in this order"},
    {0},
};

const struct opt help_opts[] = {
    {.name = "markdown", .kind = OPT_FLAG, .help = "all commands, as in docs/cli.md"},
    {.name = "man", .kind = OPT_FLAG, .help = "all commands, as a manual page"},
    {.name = "completion",
     .kind = OPT_CHOICE,
     .value = "bash|zsh|fish",
     .help = "a script that completes commands and options in this shell"},
    {0},
};

/* Options that commands of this file share, each said once. */

/* Of a run's ranks one value. */
#define AGG                                                                                        \
    {                                                                                              \
        .name = "agg", .kind = OPT_CHOICE, .value = "mean|min|max|p50|p99", .fallback = "mean",    \
        .help = "how the values of several ranks become one"                                       \
    }
#define FILTER                                                                                     \
    {                                                                                              \
        .name = "filter", .kind = OPT_LIST, .value = "CONDITION",                                  \
        .help = "only runs that meet it, for example state=running, 'config.lr<0.01' or "          \
                "'metric:val/loss<0.5'; may be repeated: all of them"                              \
    }

const struct opt project_opts[] = {PROJECT, {0}};

const struct opt list_runs_opts[] = {
    PROJECT,
    FILTER,
    {.name = "metric",
     .kind = OPT_LIST,
     .value = "NAME",
     .help = "with the last, least and greatest value of this metric; may be repeated"},
    {.name = "sort",
     .kind = OPT_TEXT,
     .value = "KEY",
     .help =
         "created, or what a condition begins with: metric:val/loss, config.lr, step ...; -KEY: "
         "the greatest first"},
    {.name = "top",
     .kind = OPT_INT,
     .value = "N",
     .min = 1,
     .max = LIMIT_MAX,
     .help = "only the first N of that order"},
    {.name = "config", .kind = OPT_FLAG, .help = "with the configuration of each run"},
    AGG,
    RANK,
    LIMIT("100"),
    {0},
};
const struct opt run_opts[] = {PROJECT, RUN, {0}};

const struct opt list_metrics_opts[] = {
    PROJECT,
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "the newest run of that name, or the run with that id; without it: of all runs"},
    {0},
};

const struct opt alerts_opts[] = {
    PROJECT,
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only the newest run of that name, or the run with that id"},
    {.name = "level",
     .kind = OPT_CHOICE,
     .value = "info|warn|error",
     .help = "only this level, not those above it"},
    {.name = "min-level",
     .kind = OPT_CHOICE,
     .value = "info|warn|error",
     .help = "only this level and those above it"},
    {.name = "since",
     .kind = OPT_TEXT,
     .value = "TIME",
     .help = "only alerts after this time: ISO 8601, or so long ago: 15m, 2h, 7d"},
    RANK,
    {.name = "after",
     .kind = OPT_TEXT,
     .value = "CURSOR|start",
     .help = "what was stored since the answer with this cursor, oldest first; start: all"},
    {.name = "wait",
     .kind = OPT_TIME,
     .value = "TIME",
     .min = 1,
     .max = DAY_S,
     .help = "if there is nothing yet, wait so long for it; without --after: for what comes from "
             "now on"},
    {.name = "follow",
     .kind = OPT_FLAG,
     .help = "print what comes, as it comes, an object a line, until stopped"},
    LIMIT("50"),
    {0},
};

const struct opt compare_opts[] = {
    PROJECT,
    {.name = "metric",
     .kind = OPT_LIST,
     .value = "NAME",
     .help = "only this metric; may be repeated; without it: all"},
    {.name = "all", .kind = OPT_FLAG, .help = "also configuration that is equal in all runs"},
    AGG,
    RANK,
    LIMIT("100"),
    {0},
};

const struct opt sweep_opts[] = {
    PROJECT,
    {.name = "metric",
     .kind = OPT_TEXT,
     .value = "NAME",
     .required = true,
     .help = "the metric that was to become good"},
    {.name = "by",
     .kind = OPT_LIST,
     .value = "config.KEY",
     .required = true,
     .help = "what was varied; may be repeated"},
    {.name = "goal",
     .kind = OPT_CHOICE,
     .value = "min|max",
     .fallback = "min",
     .help = "whether the least or the greatest is the best"},
    {.name = "value",
     .kind = OPT_CHOICE,
     .value = "last|min|max",
     .fallback = "last",
     .help = "what counts of a run: its latest value, or the least or greatest it reached"},
    FILTER,
    AGG,
    RANK,
    LIMIT("100"),
    {0},
};

const struct opt ranks_opts[] = {PROJECT, RUN, LIMIT("100"), {0}};

const struct opt wait_opts[] = {
    PROJECT,
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "this run, which may be yet to start; without it any run of the project will do"},
    {.name = "for",
     .kind = OPT_LIST,
     .required = true,
     .value = "CONDITION",
     .help = "for example state=finished, 'alert>=error', 'metric:val/loss<0.5'; may be repeated: "
             "the first that is met ends it"},
    {.name = "timeout",
     .kind = OPT_TIME,
     .value = "TIME",
     .min = 1,
     .max = 366 * DAY_S,
     .fallback = "10m",
     .help = "wait at most so long"},
    AGG,
    RANK,
    {0},
};

const struct opt records_opts[] = {
    PROJECT,
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only the newest run of that name, or the run with that id"},
    LIMIT("50"),
    {0},
};

const struct opt query_opts[] = {
    PROJECT,
    {.name = "sql",
     .kind = OPT_TEXT,
     .value = "SQL",
     .required = true,
     .help = "one statement that reads"},
    {.name = "timeout",
     .kind = OPT_INT,
     .value = "SECONDS",
     .min = 1,
     .max = 3600,
     .fallback = "30",
     .help = "stop the statement after so long"},
    {0},
};

const struct opt up_opts[] = {
    {.name = "data",
     .kind = OPT_TEXT,
     .value = "DIR",
     .help =
         "where the private PostgreSQL and the logs are; else TOCSIN_DATA_DIR, else this user's "
         "place"},
    {0},
};

const struct opt show_opts[] = {
    {.name = "project", .kind = OPT_TEXT, .value = "NAME", .help = "begin with this project"},
    {.name = "host",
     .kind = OPT_TEXT,
     .value = "ADDRESS",
     .fallback = "127.0.0.1",
     .help = "listen there; beyond this machine a token is needed"},
    {.name = "port",
     .kind = OPT_INT,
     .value = "N",
     .max = 65535,
     .fallback = "7860",
     .help = "listen on this port; 0: on a free one"},
    {.name = "token",
     .kind = OPT_TEXT,
     .value = "TEXT",
     .help = "let in who knows this; else one is made where one is needed"},
    {0},
};

const struct opt ship_opts[] = {
    {.name = "follow", .kind = OPT_FLAG, .help = "look again every few seconds, until stopped"},
    {.name = "dir",
     .kind = OPT_TEXT,
     .value = "DIR",
     .help = "look for rings and spools there; else TOCSIN_RING_DIR and TOCSIN_SPOOL_DIR, else "
             "this user's places"},
    {.name = "endpoint",
     .kind = OPT_TEXT,
     .value = "LIST",
     .help = "collectors to deliver to, instead of those that each run was given"},
    {0},
};

const struct opt psql_opts[] = {
    {.name = "role",
     .kind = OPT_CHOICE,
     .value = "reader|collector|owner",
     .fallback = "reader",
     .help = "who to be in the private PostgreSQL"},
    {0},
};

const struct opt server_key_opts[] = {
    {.name = "out",
     .kind = OPT_TEXT,
     .value = "FILE",
     .help = "the key file; else server.key in this user's data directory"},
    {0},
};

const struct opt client_key_opts[] = {
    {.name = "out",
     .kind = OPT_TEXT,
     .value = "FILE",
     .required = true,
     .help = "the key file to make"},
    {0},
};

#define KEY_NAME                                                                                   \
    {                                                                                              \
        .name = "name", .kind = OPT_TEXT, .value = "NAME", .required = true,                       \
        .help = "what the key is called here, for example a cluster or a person"                   \
    }
#define QUOTA_MAX 1000000000000

const struct opt authorize_opts[] = {
    KEY_NAME,
    {.name = "public-key",
     .kind = OPT_TEXT,
     .value = "KEY",
     .required = true,
     .help = "as `tocsin keys client` printed it, in single quotes"},
    {.name = "project",
     .kind = OPT_LIST,
     .value = "NAME",
     .help = "a project that it may write into; may be repeated; without it: all projects"},
    {.name = "points-per-s",
     .kind = OPT_INT,
     .value = "N",
     .min = 1,
     .max = QUOTA_MAX,
     .help = "metric values a second; without it: no limit"},
    {.name = "series-per-min",
     .kind = OPT_INT,
     .value = "N",
     .min = 1,
     .max = QUOTA_MAX,
     .help = "new metric names a minute; without it: no limit"},
    {.name = "alerts-per-min",
     .kind = OPT_INT,
     .value = "N",
     .min = 1,
     .max = QUOTA_MAX,
     .help = "alerts a minute; without it: no limit"},
    {.name = "replace", .kind = OPT_FLAG, .help = "give the key of that name this public key"},
    {0},
};

const struct opt revoke_opts[] = {KEY_NAME, {0}};

#define COMMENT                                                                                    \
    { .name = "comment", .kind = OPT_TEXT, .value = "TEXT", .help = "why, for colleagues" }

const struct opt endpoint_add_opts[] = {
    ANY_PROJECT("only alerts of this project; without it: of all"),
    {.name = "min-level",
     .kind = OPT_CHOICE,
     .value = "info|warn|error",
     .fallback = "info",
     .help = "this level and those above it"},
    {.name = "repeat",
     .kind = OPT_TIME,
     .value = "TIME",
     .max = 7 * DAY_S,
     .fallback = "60s",
     .help = "send identical alerts (same run, level and title) this far apart"},
    {.name = "kind",
     .kind = OPT_CHOICE,
     .value = "slack|discord|generic",
     .help = "what the messages look like; without it the URL tells"},
    {.name = "url-file",
     .kind = OPT_TEXT,
     .value = "FILE",
     .help = "read the URL there, not from standard input"},
    {0},
};

const struct opt endpoint_list_opts[] = {
    ANY_PROJECT("only endpoints that take alerts of this project"), {0}};

const struct opt endpoint_test_opts[] = {
    {.name = "timeout",
     .kind = OPT_TIME,
     .value = "TIME",
     .min = 1,
     .max = 3600,
     .fallback = "30s",
     .help = "wait for the answer at most this long"},
    {0},
};

const struct opt silence_add_opts[] = {
    ANY_PROJECT("only alerts of this project; without it: of all"),
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only alerts of the newest run of that name, or of the run with that id"},
    {.name = "max-level",
     .kind = OPT_CHOICE,
     .value = "info|warn|error",
     .fallback = "error",
     .help = "this level and those below it"},
    {.name = "title",
     .kind = OPT_TEXT,
     .value = "PATTERN",
     .help = "only alerts of this title; * stands for any text"},
    {.name = "for",
     .kind = OPT_TIME,
     .required = true,
     .value = "TIME",
     .min = 1,
     .max = 366 * DAY_S,
     .help = "how long, from now on: 90s, 15m, 2h, 7d"},
    COMMENT,
    {0},
};

const struct opt silence_list_opts[] = {
    ANY_PROJECT("only silences that alerts of this project are under"), {0}};

const struct opt ack_opts[] = {COMMENT, {0}};

const struct opt deliveries_opts[] = {
    ANY_PROJECT("only alerts of this project"),
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only the newest run of that name, or the run with that id; needs --project"},
    {.name = "alert",
     .kind = OPT_INT,
     .value = "ID",
     .min = 1,
     .max = INT64_MAX,
     .help = "only this alert"},
    {.name = "state",
     .kind = OPT_CHOICE,
     .value = "waiting|delivered|failed|silenced|acknowledged|abandoned",
     .help = "only this state"},
    LIMIT("50"),
    {0},
};
