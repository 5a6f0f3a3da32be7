/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands and nothing else. A new command: a row here, its options in
 * options.c, its function in cmd_<name>.c, its file in CMakeLists.txt, its declaration in
 * command.h. */

#include "cli/command.h"
#include "cli/options.h"

/* Keys of the JSON documents are a contract: some may be added, none is changed. */
#define JSON_RUNS                                                                                  \
    "[{id, name, created_at, state, num_logs, last_step, alerts, group, world_size, ranks, "       \
    "attempts, last_seen}]"
#define JSON_ALERTS                                                                                \
    "{project, run, level, since, alerts: [{timestamp, run, title, text, level, step, rank, "      \
    "attempt, host, run_id, alert_id, acknowledged, acknowledged_by}]}"
#define SPAN_TEXT                                                                                  \
    "The first of --step, --around and --at-time that is given counts. Values come in the order "  \
    "of their times, those of all ranks together; with --attempt each also says its attempt."

static const char query_text[] =
    "The statement runs alone, as tocsin_reader, in a read-only transaction, and may return at "
    "most 10000 rows. It reads the views metrics, metrics_all_attempts, metric_blocks, "
    "system_metrics, series_overview, runs_overview, attempts_overview, alerts_feed, "
    "producers_overview, quarantine_overview, gaps_overview, endpoints_overview, "
    "deliveries_overview and silences_overview, which hold all projects: each has a "
    "column `project`, and "
    "current_setting('tocsin.project') is the one given with --project; and keys_overview. In "
    "JSON, numbers, booleans, JSON and times keep their kind; everything else is text, so an array "
    "comes best as "
    "to_json(array). Columns need names of their own there, and a row with NaN or an infinity "
    "also has nonfinite: {column: \"nan\", \"inf\" or \"-inf\"}.";

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
    {.path = "endpoint add",
     .line = "send alerts to a webhook of Slack, Discord or any other receiver",
     .text =
         "Its URL is a secret: it is typed (and not shown), read from a pipe or from --url-file, "
         "and never an argument. Repeating it with the same URL and project states level, "
         "repetition and kind anew and enables it. Messages to a generic endpoint are signed "
         "(Standard Webhooks) with a secret that is printed this once. The project need not "
         "have a run yet. Needs a database user as tocsin migrate does.",
     .json = "{id, url, kind, project, min_level, repeat_s, made, secret}",
     .opts = endpoint_add_opts,
     .run = cmd_endpoint_add},
    {.path = "endpoint list",
     .line = "list where alerts are sent, and how that goes",
     .text =
         "Of a URL only the host and four digits of its hash are shown. origin: command, settings "
         "(of tocsind), or run: it came with an alert, and only has those that name it.",
     .json = "{project, endpoints: [{id, url, kind, project, min_level, enabled, why_disabled, "
             "waiting, last_state, last_status, last_answer, last_message, repeat_s, signed, "
             "failures, origin, created}]}",
     .opts = endpoint_list_opts,
     .run = cmd_endpoint_list},
    {.path = "endpoint test",
     .line = "send a message that says it is a test, and wait for the answer",
     .text =
         "tocsind posts it, also to an endpoint that is disabled. Exit status 0: it was taken; 1: "
         "it was not; 8: no answer in time. It is tried once. Needs a database user as tocsin "
         "migrate does.",
     .json = "{id, delivered, status, answer, webhook_id}",
     .opts = endpoint_test_opts,
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_test},
    {.path = "endpoint disable",
     .line = "let an endpoint have no more alerts",
     .text =
         "New ones are not kept for it. Those that wait are sent when it is enabled again. Needs a "
         "database user as tocsin migrate does.",
     .json = "{id, enabled}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_disable},
    {.path = "endpoint enable",
     .line = "let an endpoint have alerts again, at once",
     .text =
         "Also ends the rest that it has after failures. Needs a database user as tocsin migrate "
         "does.",
     .json = "{id, enabled}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_enable},
    {.path = "endpoint rotate",
     .line = "give a generic endpoint a new signing secret",
     .text =
         "It is printed this once. For 24 hours messages carry a signature of the old one too, so "
         "that the receiver can change over. Needs a database user as tocsin migrate does.",
     .json = "{id, secret}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_rotate},
    {.path = "endpoint remove",
     .line = "forget an endpoint, its URL and its secrets",
     .text =
         "What waits for it is not sent; what was sent stays in the list of deliveries. Needs a "
         "database user as tocsin migrate does.",
     .json = "{id, alerts_abandoned, messages_abandoned}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_remove},
    {.path = "silence add",
     .line = "keep alerts that match from being sent, for a time",
     .text = "They are stored, and not sent later either. Needs a database user as tocsin migrate "
             "does.",
     .json = "{id, ends}",
     .opts = silence_add_opts,
     .run = cmd_silence_add},
    {.path = "silence list",
     .line = "list the silences in force, those first that end first",
     .json = "{project, silences: [{id, project, run, max_level, title, ends, who, comment, "
             "created, run_id}]}",
     .opts = silence_list_opts,
     .run = cmd_silence_list},
    {.path = "silence remove",
     .line = "end a silence now",
     .text = "Needs a database user as tocsin migrate does.",
     .json = "{id}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_silence_remove},
    {.path = "ack",
     .line = "acknowledge alerts: somebody is on it",
     .text =
         "Alerts of the same run, level and title are stored and no longer sent. All of the ids "
         "must exist (alert_id in tocsin list alerts --json), or nothing is acknowledged. Who: "
         "USER, "
         "else the system's name of the user. Needs a database user as tocsin migrate does.",
     .json = "{alerts: [alert_id], who, comment}",
     .opts = ack_opts,
     .rest = "ALERT_ID...",
     .mixed = true,
     .run = cmd_ack},
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
    {.path = "list deliveries",
     .line = "list what became of alerts at their endpoints, newest first",
     .text =
         "One row for each alert and endpoint. waiting: not yet, or tried again at next_try; "
         "silenced, acknowledged: kept back; failed: refused, or given up after a day; abandoned: "
         "the endpoint was removed. in_message: how many alerts the message speaks of.",
     .json =
         "{project, run, alert, state, deliveries: [{alert_id, level, title, project, run, rank, "
         "endpoint, url, state, attempts, status, answer, next_try, created, settled, form, "
         "in_message, webhook_id, run_id}]}",
     .opts = deliveries_opts,
     .run = cmd_list_deliveries},
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
