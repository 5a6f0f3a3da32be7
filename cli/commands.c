/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands and nothing else. A new command: a row here, its function in
 * cmd_<name>.c, its file in CMakeLists.txt, its declaration in command.h. */

#include "cli/command.h"

const struct opt command_globals[] = {
    {.name = "dsn",
     .kind = OPT_TEXT,
     .value = "DSN",
     .help = "PostgreSQL to use, as libpq takes it; else TOCSIN_DSN, else the private one"},
    {.name = "json", .kind = OPT_FLAG, .help = "print JSON"},
    {.name = "color",
     .kind = OPT_CHOICE,
     .value = "auto|always|never",
     .fallback = "auto",
     .help = "colour in tables; auto: on a terminal, unless NO_COLOR is set"},
    {.name = "help", .kind = OPT_FLAG, .help = "show this text"},
    {.name = "version", .kind = OPT_FLAG, .help = "print the version"},
    {0},
};

static const struct opt help_opts[] = {
    {.name = "markdown", .kind = OPT_FLAG, .help = "all commands, as in docs/cli.md"},
    {0},
};

/* Options that several commands share, each said once. */
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

static const struct opt project_opts[] = {PROJECT, {0}};
static const struct opt run_opts[] = {PROJECT, RUN, {0}};

static const struct opt alerts_opts[] = {
    PROJECT,
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only the newest run of that name, or the run with that id"},
    {.name = "level",
     .kind = OPT_CHOICE,
     .value = "info|warn|error",
     .help = "only this level, not those above it"},
    {.name = "since",
     .kind = OPT_TEXT,
     .value = "TIME",
     .help = "only alerts after this time (ISO 8601)"},
    RANK,
    {0},
};

static const struct opt records_opts[] = {
    PROJECT,
    {.name = "run",
     .kind = OPT_TEXT,
     .value = "NAME|ID",
     .help = "only the newest run of that name, or the run with that id"},
    {0},
};

static const struct opt metric_opts[] = {
    PROJECT,
    RUN,
    {.name = "metric", .kind = OPT_TEXT, .value = "NAME", .required = true, .help = "the metric"},
    SPAN,
    {0},
};

static const struct opt snapshot_opts[] = {PROJECT, RUN, SPAN, {0}};

static const struct opt system_metric_opts[] = {
    PROJECT, RUN, {.name = "metric", .kind = OPT_TEXT, .value = "NAME", .help = "only this metric"},
    RANK,    {0},
};

static const struct opt query_opts[] = {
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

/* Keys of the JSON documents are a contract: some may be added, none is changed. */
#define JSON_RUNS                                                                                  \
    "[{id, name, created_at, state, num_logs, last_step, alerts, group, world_size, ranks, "       \
    "attempts, last_seen}]"
#define JSON_ALERTS                                                                                \
    "{project, run, level, since, alerts: [{timestamp, run, title, text, level, step, rank, "      \
    "attempt, host, run_id, alert_id}]}"
#define SPAN_TEXT                                                                                  \
    "The first of --step, --around and --at-time that is given counts. Values come in the order "  \
    "of their times, those of all ranks together; with --attempt each also says its attempt."

static const char query_text[] =
    "The statement runs alone, as tocsin_reader, in a read-only transaction, and may return at "
    "most 10000 rows. It reads the views metrics, metrics_all_attempts, metric_blocks, "
    "system_metrics, series_overview, runs_overview, attempts_overview, alerts_feed, "
    "producers_overview, quarantine_overview and gaps_overview, which hold all projects: each has "
    "a "
    "column `project`, and "
    "current_setting('tocsin.project') is the one given with --project; and keys_overview. In "
    "JSON, numbers, booleans, JSON and times keep their kind; everything else is text, so an array "
    "comes best as "
    "to_json(array). Columns need names of their own there, and a row with NaN or an infinity "
    "also has nonfinite: {column: \"nan\", \"inf\" or \"-inf\"}.";

static const struct opt up_opts[] = {
    {.name = "data",
     .kind = OPT_TEXT,
     .value = "DIR",
     .help =
         "where the private PostgreSQL and the logs are; else TOCSIN_DATA_DIR, else this user's "
         "place"},
    {0},
};

static const struct opt ship_opts[] = {
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

static const struct opt psql_opts[] = {
    {.name = "role",
     .kind = OPT_CHOICE,
     .value = "reader|collector|owner",
     .fallback = "reader",
     .help = "who to be in the private PostgreSQL"},
    {0},
};

static const struct opt server_key_opts[] = {
    {.name = "out",
     .kind = OPT_TEXT,
     .value = "FILE",
     .help = "the key file; else server.key in this user's data directory"},
    {0},
};

static const struct opt client_key_opts[] = {
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

static const struct opt authorize_opts[] = {
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

static const struct opt revoke_opts[] = {KEY_NAME, {0}};

const struct command command_table[] = {
    {.path = "up",
     .line = "start the private PostgreSQL and tocsind",
     .text =
         "Safe to repeat: starts what is not running. With a DSN there is no private "
         "PostgreSQL, and the schema must be there (tocsin migrate). As root the server runs as "
         "the user postgres.",
     .opts = up_opts,
     .run = cmd_up},
    {.path = "down",
     .line = "stop tocsind and the private PostgreSQL",
     .text = "The data stays. Fine if nothing runs.",
     .opts = up_opts,
     .run = cmd_down},
    {.path = "status",
     .line = "tell what runs, where it is and what it holds",
     .text = "Exit status 0: database and tocsind run; 5: one of them does not.",
     .json = "{running, database: {dsn, private, data, answers, error, schema_version}, tocsind: "
             "{pid, endpoint, health, stores_in, log}, projects, runs}",
     .opts = up_opts,
     .run = cmd_status},
    {.path = "psql",
     .line = "open psql on the database",
     .text = "As tocsin_reader, which sees the views. Arguments after -- go to psql.",
     .opts = psql_opts,
     .rest = "ARGUMENT",
     .run = cmd_psql},
    {.path = "migrate",
     .line = "create the tables, or bring them to this program's version",
     .text = "Safe to repeat. Needs a DSN whose user may create roles and schemas; without a DSN "
             "it works on the private PostgreSQL.",
     .json = "{version, applied}",
     .run = cmd_migrate},
    {.path = "ship",
     .line = "deliver what killed or finished runs left on this machine",
     .text = "For the end of a batch job, or as a service with --follow. What a living process has "
             "is not touched. Safe at any time and to interrupt: what is not acknowledged stays. "
             "Exit status 5: something is left; 3: a collector refuses it.",
     .json = "{found, delivered, refused, damaged, calls, events}",
     .opts = ship_opts,
     .run = cmd_ship},
    {.path = "keys server",
     .line = "make the collector's key pair, or show its public key",
     .text = "With the setting server_key tocsind may listen beyond this machine, and then admits "
             "only authorised keys. Run it as the user that runs tocsind. docs/keys.md goes "
             "through all of it.",
     .json = "{public_key, file, made}",
     .opts = server_key_opts,
     .run = cmd_keys_server},
    {.path = "keys client",
     .line = "make a key pair for trainers",
     .text = "Needs no database. The file is the secret: it is copied to the machines that train, "
             "readable by the user who trains and nobody else.",
     .json = "{public_key, file}",
     .opts = client_key_opts,
     .run = cmd_keys_client},
    {.path = "keys authorize",
     .line = "let a key write",
     .text = "Collectors know it within seconds. Repeating it states projects and quotas anew, and "
             "lets a revoked key write again. Needs a database user as tocsin migrate does.",
     .json = "{name}",
     .opts = authorize_opts,
     .run = cmd_keys_authorize},
    {.path = "keys revoke",
     .line = "let a key write no more",
     .text = "Connections that it has are refused too. What it wrote stays. Needs a database user "
             "as tocsin migrate does.",
     .json = "{name}",
     .opts = revoke_opts,
     .run = cmd_keys_revoke},
    {.path = "keys list",
     .line = "list the keys that may or might write",
     .json = "{keys: [{name, projects: [name] or null, points_per_s, series_per_min, "
             "alerts_per_min, revoked, created, public_key}]}",
     .run = cmd_keys_list},
    {.path = "list projects",
     .line = "list the projects",
     .json = "{projects: [name], details: [{name, num_runs, created_at, last_seen}]}",
     .run = cmd_list_projects},
    {.path = "list runs",
     .line = "list the runs of a project, oldest first",
     .json = "{project, runs: [name], details: " JSON_RUNS "}",
     .opts = project_opts,
     .run = cmd_list_runs},
    {.path = "list metrics",
     .line = "list the names of a run's metrics",
     .json = "{project, run, metrics: [name], run_id}",
     .opts = run_opts,
     .run = cmd_list_metrics},
    {.path = "list system-metrics",
     .line = "list the names of a run's system metrics",
     .json = "{project, run, system_metrics: [name], run_id}",
     .opts = run_opts,
     .run = cmd_list_system_metrics},
    {.path = "list alerts",
     .line = "list alerts, newest first",
     .text = "The alerts of all ranks of a run belong to the run.",
     .json = JSON_ALERTS,
     .opts = alerts_opts,
     .run = cmd_list_alerts},
    {.path = "list quarantine",
     .line = "list batches that PostgreSQL refused, newest first",
     .text = "They are kept as they came, so that they hold up nothing that follows. seq is the "
             "batch's number in its lane.",
     .json = "{project, run, quarantine: [{timestamp, run, rank, attempt, lane, seq, calls, bytes, "
             "sqlstate, reason, run_id, quarantine_id}]}",
     .opts = records_opts,
     .run = cmd_list_quarantine},
    {.path = "list gaps",
     .line = "list calls that never came, newest first",
     .text =
         "Calls that were dropped because an emitter's ring and spool were full, or lost with a "
         "damaged spool: how many, and between which steps and times they lie. Calls of system "
         "metrics have no step. What nobody knows is null.",
     .json = "{project, run, gaps: [{received, run, rank, attempt, calls, first_step, last_step, "
             "first_time, last_time, run_id, gap_id}]}",
     .opts = records_opts,
     .run = cmd_list_gaps},
    {.path = "get project",
     .line = "show a project and its runs",
     .text = "last_activity is the highest step of any run.",
     .json = "{project, num_runs, runs: " JSON_RUNS ", last_activity}",
     .opts = project_opts,
     .run = cmd_get_project},
    {.path = "get run",
     .line = "show a run: state, configuration, metrics",
     .text = "num_logs counts the calls of all ranks.",
     .json = "{project, run, run_id, num_logs, metrics: [name], config: {...}, last_step, state, "
             "last_seen, world_size, ranks, attempts, alerts, username, created_at, group}",
     .opts = run_opts,
     .run = cmd_get_run},
    {.path = "get metric",
     .line = "print the values of one metric",
     .text = SPAN_TEXT,
     .json = "{project, run, metric, values: [{timestamp, step, value, rank}], run_id}",
     .opts = metric_opts,
     .run = cmd_get_metric},
    {.path = "get snapshot",
     .line = "print the values of all metrics around a step or time",
     .text = SPAN_TEXT,
     .json = "{project, run, metrics: {name: [{timestamp, step, value, rank}]}, and step, or "
             "around and window, or at_time and window, run_id}",
     .opts = snapshot_opts,
     .run = cmd_get_snapshot},
    {.path = "get alerts",
     .line = "list alerts, newest first (the same as list alerts)",
     .text = "The alerts of all ranks of a run belong to the run.",
     .json = JSON_ALERTS,
     .opts = alerts_opts,
     .run = cmd_list_alerts},
    {.path = "get system-metric",
     .line = "print system metrics, one entry a measurement",
     .text = "With --metric, values stands for system_metrics. An entry with NaN or an infinity "
             "also has nonfinite: {name: \"nan\", \"inf\" or \"-inf\"}.",
     .json = "{project, run, system_metrics: [{name: value, ..., timestamp, rank}], run_id}",
     .opts = system_metric_opts,
     .run = cmd_get_system_metric},
    {.path = "query project",
     .line = "answer one SQL statement",
     .text = query_text,
     .json = "{project, query, columns: [name], rows: [{column: value}], row_count}",
     .opts = query_opts,
     .run = cmd_query_project},
    {.path = "help",
     .line = "explain a command",
     .opts = help_opts,
     .rest = "COMMAND",
     .run = cmd_help},
    {0},
};
