/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands and nothing else. A new command: a row here, its options in
 * options.c, its function in cmd_<name>.c, its file in CMakeLists.txt, its declaration in
 * command.h. */

#include "cli/command.h"
#include "cli/cond.h"
#include "cli/options.h"

/* The JSON documents are a contract: keys may be added, none is changed. Their notation is that of
 * shape.h. */
#define JSON_RUNS                                                                                  \
    "[{id: text, name: text, created_at: time, state: text, num_logs: int, last_step: int?, "      \
    "alerts: int, group: text?, world_size: int?, ranks: int?, attempts: int?, last_seen: time, "  \
    "pinned: bool, config?: any, metrics?: {*: {last: number?, min: number?, max: number?, "       \
    "nonfinite?: {*: "                                                                             \
    "text}}}}]"
#define JSON_ALERTS                                                                                \
    "{project: text, run: text?, level: text?, since: text?, alerts: [{timestamp: time, run: "     \
    "text, title: text, text: text?, level: text, step: int?, rank: int, attempt: int, host: "     \
    "text?, run_id: text, id: text, acknowledged: time?, acknowledged_by: text?}], "               \
    "has_more: bool, more?: text, cursor: text}"
#define JSON_VALUES                                                                                \
    "[{timestamp: time, step: int, value: number?, nonfinite?: text, rank?: int, ranks?: int}]"
#define JSON_DELETED                                                                               \
    "{project: text?, dry_run: bool, runs: int, kept: int, calls: int, blocks: int, bytes: int, "  \
    "alerts: int, waiting: int, endpoints?: int, messages?: int, details: [{project: text, name: " \
    "text, state: text, last_seen: time, calls: int, blocks: int, bytes: int, alerts: int, "       \
    "waiting: int, id: text}]}"
#define JSON_PINNED "{project: text, run: text, run_id: text, pinned: bool}"
#define SPAN_TEXT                                                                                  \
    "The first of --step, --around and --at-time that is given counts. Values come in the order "  \
    "of their times, those of all ranks together; with --attempt each also says its attempt. "     \
    "With "                                                                                        \
    "--agg there is one value a step, of all ranks, the time is the latest, and ranks says how "   \
    "many "                                                                                        \
    "had one. NaN counts as greater than every number: a rank that diverged is seen in mean, max " \
    "and "                                                                                         \
    "p99, and not in min."

static const char query_text[] =
    "The statement runs alone, as tocsin_reader, in a read-only transaction, and may return at "
    "most 10000 rows. It reads the views metrics, metrics_all_attempts, metric_blocks, "
    "system_metrics, series_overview, runs_overview, attempts_overview, alerts_feed, "
    "producers_overview, quarantine_overview, gaps_overview, metric_summary, endpoints_overview, "
    "deliveries_overview, silences_overview, retention_overview and storage_overview, which hold "
    "all projects: each has a "
    "column `project`, and "
    "current_setting('tocsin.project') is the one given with --project; and keys_overview. In "
    "JSON, numbers, booleans, JSON and times keep their kind; everything else is text, so an array "
    "comes best as "
    "to_json(array). Columns need names of their own there, and a row with NaN or an infinity "
    "also has nonfinite: {column: \"nan\", \"inf\" or \"-inf\"}.";

static const char conditions_text[] =
    "A condition is SUBJECT OPERATOR VALUE. Subjects: " COND_SUBJECTS
    ". step is the last one of any "
    "rank; tag: config.tags, a list; metric: the latest value, of several ranks what --agg makes "
    "of them; min:, max: the least and greatest so far. Operators: = != < <= > >=, and ~ !~, where "
    "* stands for any text. NaN is neither less nor greater than anything. Without a limit the "
    "newest 100 are listed.";

static const char alerts_text[] =
    "The alerts of all ranks of a run belong to the run. Every answer has a cursor: what is behind "
    "it is given by --after, each alert once and none left out, whatever was stored late. With "
    "--wait an answer without alerts comes after that time, with exit status 8. So an agent asks: "
    "tocsin list alerts --project P --json, and from then on with --after CURSOR --wait 60s.";

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
     .text =
         "Exit status 0: database and tocsind run; 5: one of them does not. storage: of the 100 "
         "largest projects; bytes is an estimate, the size of the tables shared out by values.",
     .json = "{running: bool, database: {dsn: text, private: bool, data: text?, answers: bool, "
             "error: text?, schema_version: int}, tocsind: {pid: int, endpoint: text, health: "
             "text?, stores_in: text?, log: text}, projects: int, runs: int, storage: [{project: "
             "text, points: int, bytes: int}], uncompacted_points: int}",
     .opts = up_opts,
     .run = cmd_status},
    {.path = "show",
     .line = "serve the dashboard, until stopped",
     .text =
         "Prints its address. On this machine everybody who can connect to it may look; beyond it "
         "who has the address with its token. docs/http.md says what it answers.",
     .opts = show_opts,
     .run = cmd_show},
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
     .json = "{version: int, applied: int}",
     .run = cmd_migrate},
    {.path = "ship",
     .line = "deliver what killed or finished runs left on this machine",
     .text = "For the end of a batch job, or as a service with --follow. What a living process has "
             "is not touched. Safe at any time and to interrupt: what is not acknowledged stays. "
             "Exit status 5: something is left; 3: a collector refuses it.",
     .json = "{found: int, delivered: int, refused: int, damaged: int, calls: int, events: int}",
     .opts = ship_opts,
     .run = cmd_ship},
    {.path = "keys server",
     .line = "make the collector's key pair, or show its public key",
     .text = "With the setting server_key tocsind may listen beyond this machine, and then admits "
             "only authorised keys. Run it as the user that runs tocsind. docs/keys.md goes "
             "through all of it.",
     .json = "{public_key: text, file: text, made: bool}",
     .opts = server_key_opts,
     .run = cmd_keys_server},
    {.path = "keys client",
     .line = "make a key pair for trainers",
     .text = "Needs no database. The file is the secret: it is copied to the machines that train, "
             "readable by the user who trains and nobody else.",
     .json = "{public_key: text, file: text}",
     .opts = client_key_opts,
     .run = cmd_keys_client},
    {.path = "keys authorize",
     .line = "let a key write",
     .text = "Collectors know it within seconds. Repeating it states projects and quotas anew, and "
             "lets a revoked key write again. Needs a database user as tocsin migrate does.",
     .json = "{name: text}",
     .opts = authorize_opts,
     .run = cmd_keys_authorize},
    {.path = "keys revoke",
     .line = "let a key write no more",
     .text = "Connections that it has are refused too. What it wrote stays. Needs a database user "
             "as tocsin migrate does.",
     .json = "{name: text}",
     .opts = revoke_opts,
     .run = cmd_keys_revoke},
    {.path = "keys list",
     .line = "list the keys that may or might write",
     .json = "{keys: [{name: text, projects: [text]?, points_per_s: int?, series_per_min: int?, "
             "alerts_per_min: int?, revoked: time?, created: time, public_key: text}]}",
     .rows = "keys",
     .run = cmd_keys_list},
    {.path = "endpoint add",
     .line = "send alerts to a webhook of Slack, Discord or any other receiver",
     .text =
         "Its URL is a secret: it is typed (and not shown), read from a pipe or from --url-file, "
         "and never an argument. Repeating it with the same URL and project states level, "
         "repetition and kind anew and enables it. Messages to a generic endpoint are signed "
         "(Standard Webhooks) with a secret that is printed this once. The project need not "
         "have a run yet. Needs a database user as tocsin migrate does.",
     .json = "{id: text, url: text, kind: text, project: text?, min_level: text, repeat_s: int, "
             "made: bool, secret: text?}",
     .opts = endpoint_add_opts,
     .run = cmd_endpoint_add},
    {.path = "endpoint list",
     .line = "list where alerts are sent, and how that goes",
     .text =
         "Of a URL only the host and four digits of its hash are shown. origin: command, settings "
         "(of tocsind), or run: it came with an alert, and only has those that name it.",
     .json = "{project: text?, endpoints: [{id: text, url: text, kind: text, project: text?, "
             "min_level: text, enabled: bool, why_disabled: text?, waiting: int, last_state: "
             "text?, last_status: int?, last_answer: text?, last_message: time?, repeat_s: int, "
             "signed: bool, failures: int, origin: text, created: time}]}",
     .rows = "endpoints",
     .opts = endpoint_list_opts,
     .run = cmd_endpoint_list},
    {.path = "endpoint test",
     .line = "send a message that says it is a test, and wait for the answer",
     .text =
         "tocsind posts it, also to an endpoint that is disabled. Exit status 0: it was taken; 1: "
         "it was not; 8: no answer in time. It is tried once. Needs a database user as tocsin "
         "migrate does.",
     .json = "{id: text, delivered: bool, status: int?, answer: text?, webhook_id: text}",
     .opts = endpoint_test_opts,
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_test},
    {.path = "endpoint disable",
     .line = "let an endpoint have no more alerts",
     .text =
         "New ones are not kept for it. Those that wait are sent when it is enabled again. Needs a "
         "database user as tocsin migrate does.",
     .json = "{id: text, enabled: bool}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_disable},
    {.path = "endpoint enable",
     .line = "let an endpoint have alerts again, at once",
     .text =
         "Also ends the rest that it has after failures. Needs a database user as tocsin migrate "
         "does.",
     .json = "{id: text, enabled: bool}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_enable},
    {.path = "endpoint rotate",
     .line = "give a generic endpoint a new signing secret",
     .text =
         "It is printed this once. For 24 hours messages carry a signature of the old one too, so "
         "that the receiver can change over. Needs a database user as tocsin migrate does.",
     .json = "{id: text, secret: text}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_rotate},
    {.path = "endpoint remove",
     .line = "forget an endpoint, its URL and its secrets",
     .text =
         "What waits for it is not sent; what was sent stays in the list of deliveries. Needs a "
         "database user as tocsin migrate does.",
     .json = "{id: text, alerts_abandoned: int, messages_abandoned: int}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_endpoint_remove},
    {.path = "silence add",
     .line = "keep alerts that match from being sent, for a time",
     .text = "They are stored, and not sent later either. Needs a database user as tocsin migrate "
             "does.",
     .json = "{id: text, ends: time}",
     .opts = silence_add_opts,
     .run = cmd_silence_add},
    {.path = "silence list",
     .line = "list the silences in force, those first that end first",
     .json = "{project: text?, silences: [{id: text, project: text?, run: text?, max_level: text, "
             "title: text?, ends: time, who: text, comment: text?, created: time, run_id: text?}]}",
     .rows = "silences",
     .opts = silence_list_opts,
     .run = cmd_silence_list},
    {.path = "silence remove",
     .line = "end a silence now",
     .text = "Needs a database user as tocsin migrate does.",
     .json = "{id: text}",
     .rest = "ID",
     .mixed = true,
     .run = cmd_silence_remove},
    {.path = "ack",
     .line = "acknowledge alerts: somebody is on it",
     .text =
         "Alerts of the same run, level and title are stored and no longer sent. All of the ids "
         "must exist (id in tocsin list alerts --json), or nothing is acknowledged. Who: "
         "USER, "
         "else the system's name of the user. Needs a database user as tocsin migrate does.",
     .json = "{alerts: [text], who: text, comment: text?}",
     .opts = ack_opts,
     .rest = "ALERT_ID...",
     .mixed = true,
     .run = cmd_ack},
    {.path = "list projects",
     .line = "list the projects",
     .json = "{projects: [text], details: [{name: text, num_runs: int, created_at: time, "
             "last_seen: time}]}",
     .rows = "details",
     .run = cmd_list_projects},
    {.path = "list runs",
     .line = "list the runs of a project, oldest first",
     .text = conditions_text,
     .json = "{project: text, runs: [text], details: " JSON_RUNS ", total: int, has_more: bool, "
             "more?: text}",
     .rows = "details",
     .opts = list_runs_opts,
     .run = cmd_list_runs},
    {.path = "list metrics",
     .line = "list the names of metrics",
     .json = "{project: text, run: text?, metrics: [text], run_id: text?}",
     .opts = list_metrics_opts,
     .run = cmd_list_metrics},
    {.path = "list system-metrics",
     .line = "list the names of system metrics",
     .json = "{project: text, run: text?, system_metrics: [text], run_id: text?}",
     .opts = list_metrics_opts,
     .run = cmd_list_system_metrics},
    {.path = "list alerts",
     .line = "list alerts, newest first",
     .text = alerts_text,
     .json = JSON_ALERTS,
     .rows = "alerts",
     .opts = alerts_opts,
     .run = cmd_list_alerts},
    {.path = "list deliveries",
     .line = "list what became of alerts at their endpoints, newest first",
     .text =
         "One row for each alert and endpoint. waiting: not yet, or tried again at next_try; "
         "silenced, acknowledged: kept back; failed: refused, or given up after a day; abandoned: "
         "the endpoint was removed. in_message: how many alerts the message speaks of.",
     .json = "{project: text?, run: text?, alert: text?, state: text?, deliveries: [{alert_id: "
             "text, level: text, title: text, project: text, run: text, rank: int, endpoint: text, "
             "url: text, state: text, attempts: int?, status: int?, answer: text?, next_try: "
             "time?, created: time?, settled: time?, form: text?, in_message: int?, webhook_id: "
             "text?, run_id: text}], has_more: bool, more?: text}",
     .rows = "deliveries",
     .opts = deliveries_opts,
     .run = cmd_list_deliveries},
    {.path = "list quarantine",
     .line = "list batches that PostgreSQL refused, newest first",
     .text = "They are kept as they came, so that they hold up nothing that follows. seq is the "
             "batch's number in its lane.",
     .json = "{project: text, run: text?, quarantine: [{timestamp: time, run: text, rank: int, "
             "attempt: int, lane: text, seq: int, calls: int, bytes: int, sqlstate: text, reason: "
             "text, run_id: text, quarantine_id: text}], has_more: bool, more?: text}",
     .rows = "quarantine",
     .opts = records_opts,
     .run = cmd_list_quarantine},
    {.path = "list gaps",
     .line = "list calls that never came, newest first",
     .text =
         "Calls that were dropped because an emitter's ring and spool were full, or lost with a "
         "damaged spool: how many, and between which steps and times they lie. Calls of system "
         "metrics have no step. What nobody knows is null.",
     .json = "{project: text, run: text?, gaps: [{received: time, run: text, rank: int, attempt: "
             "int, calls: int, first_step: int?, last_step: int?, first_time: time?, last_time: "
             "time?, run_id: text, gap_id: text}], has_more: bool, more?: text}",
     .rows = "gaps",
     .opts = records_opts,
     .run = cmd_list_gaps},
    {.path = "compare",
     .line = "show what differs between runs, and their metrics side by side",
     .text = "Values stand in the order of the runs. Configuration that is equal in all of them is "
             "left out. last: of several ranks what --agg makes of them; min and max: of all "
             "ranks.",
     .json =
         "{project: text, runs: [{run: text, run_id: text}], config: {*: [any]}, metrics: {*: "
         "[{last: number?, min: number?, max: number?, nonfinite?: {*: text}}]}, has_more: bool}",
     .opts = compare_opts,
     .rest = "RUN RUN...",
     .mixed = true,
     .run = cmd_compare},
    {.path = "sweep",
     .line = "tell which values of the configuration made a metric good",
     .text = "One group for each combination of values: the best run in it, mean, standard "
             "deviation, least and greatest over its runs. Runs whose value is NaN or infinite are "
             "counted in nonfinite_runs, those without the metric in empty_runs; both are no "
             "values. Groups come best first.",
     .json = "{project: text, metric: text, goal: text, value: text, by: [text], best: {run: text, "
             "run_id: text, value: number}?, groups: [{keys: [any], best: number?, mean: number?, "
             "std: number?, min: number?, max: number?, runs: int, ranks: int, nonfinite_runs: "
             "int, empty_runs: int, best_run: text?, best_run_id: text?, nonfinite?: {*: text}}], "
             "has_more: "
             "bool, more?: text}",
     .rows = "groups",
     .opts = sweep_opts,
     .run = cmd_sweep},
    {.path = "ranks",
     .line = "tell which ranks of a run are behind, silent or slow",
     .text = "Those that are behind come first. behind: steps to the foremost rank; silent_s: "
             "seconds since the collector last stored something of a rank that has not ended; "
             "step_time_s: seconds for a step, from its newest blocks. missing: ranks that never "
             "came, the first 100 of them.",
     .json =
         "{project: text, run: text, run_id: text, world_size: int, here: int, missing: [int], "
         "last_step: {min: int?, max: int?}, step_time_s: {min: number?, p50: number?, max: "
         "number?}, ranks: [{rank: int, host: text, state: text, last_step: int?, behind: int?, "
         "last_time: time?, silent_s: number?, step_time_s: number?, calls: int?, dropped: "
         "int?, on_node: int?, attempt: int, pid: int, started: time, nonfinite?: {*: text}}], "
         "has_more: bool, more?: text}",
     .rows = "ranks",
     .opts = ranks_opts,
     .run = cmd_ranks},
    {.path = "wait",
     .line = "wait until a run meets a condition",
     .text =
         "Conditions are those of tocsin list runs. Exit status 0: one is met, and the answer "
         "says which and by which run; 6: the run failed, or finished without it; 8: the time is "
         "over. alert counts alerts that are there already; tocsin list alerts --wait waits for "
         "new ones.",
     .json =
         "{project: text, run: text?, run_id: text?, met: bool, condition: text?, state: text?, "
         "last_step: int?, metrics?: {*: {last: number?, min: number?, max: number?, "
         "nonfinite?: {*: text}}}}",
     .opts = wait_opts,
     .run = cmd_wait},
    {.path = "get project",
     .line = "show a project and its runs",
     .text = "last_activity is the highest step of any run.",
     .json = "{project: text, num_runs: int, runs: " JSON_RUNS ", last_activity: int?}",
     .rows = "runs",
     .opts = project_opts,
     .run = cmd_get_project},
    {.path = "get run",
     .line = "show a run: state, configuration, metrics",
     .text = "num_logs counts the calls of all ranks.",
     .json = "{project: text, run: text, run_id: text, num_logs: int, metrics: [text], config: {*: "
             "any}, last_step: int?, state: text, last_seen: time, world_size: int?, ranks: int?, "
             "attempts: int?, alerts: int, pinned: bool, username: text?, created_at: time, group: "
             "text?}",
     .opts = run_opts,
     .run = cmd_get_run},
    {.path = "get metric",
     .line = "print the values of one metric",
     .text = SPAN_TEXT
     " Of more values than --max-points, the steps are cut into equal stretches, and of each the "
     "least and the greatest finite value are printed, so that no spike is lost, and those of the "
     "first and the last step; a stretch without finite values gives one that is not. "
     "nonfinite_points "
     "counts NaN and infinities of all.",
     .json = "{project: text, run: text, metric: text, values: " JSON_VALUES
             ", truncated: bool, points?: int, nonfinite_points?: int, more?: text, run_id: text}",
     .rows = "values",
     .opts = metric_opts,
     .run = cmd_get_metric},
    {.path = "get snapshot",
     .line = "print the values of all metrics around a step or time",
     .text = SPAN_TEXT,
     .json =
         "{project: text, run: text, metrics: {*: " JSON_VALUES
         "}, step?: int, around?: int, at_time?: text, window?: int, has_more: bool, more?: text, "
         "run_id: text}",
     .rows = "metrics",
     .opts = snapshot_opts,
     .run = cmd_get_snapshot},
    {.path = "get alerts",
     .line = "list alerts, newest first (the same as list alerts)",
     .text = alerts_text,
     .json = JSON_ALERTS,
     .rows = "alerts",
     .opts = alerts_opts,
     .run = cmd_list_alerts},
    {.path = "get system-metric",
     .line = "print system metrics, one entry a measurement",
     .text = "With --metric, values stands for system_metrics. An entry with NaN or an infinity "
             "also has nonfinite: {name: \"nan\", \"inf\" or \"-inf\"}.",
     .json = "{project: text, run: text, system_metrics: [{timestamp: time, rank: int, nonfinite?: "
             "{*: text}, *: number?}], has_more: bool, more?: text, run_id: text}",
     .opts = system_metric_opts,
     .run = cmd_get_system_metric},
    {.path = "query project",
     .line = "answer one SQL statement",
     .text = query_text,
     .json = "{project: text, query: text, columns: [text], rows: [{*: any}], row_count: int}",
     .opts = query_opts,
     .run = cmd_query_project},
#include "cli/commands_housekeeping.def"

#include "cli/commands_agents.def"
#include "cli/commands_import.def"
    {.path = "help",
     .line = "explain a command",
     .text = "With --json: all commands, or the one named, with their options, the JSON Schema of "
             "their answers, and the exit codes.",
     .json = "{version: text, output: text, commands: [{command: text, summary: text, text: "
             "text?, arguments: text?, options: [{name: text, kind: text, required: bool, "
             "default: text?, help: text, choices?: [text], min?: int, max?: int, min_seconds?: "
             "int, max_seconds?: int}], rows: text?, output: any}], global_options: [any], "
             "exit_codes: [{exit: int, code: text, meaning: text, retryable: bool}], environment: "
             "{*: text}}",
     .opts = help_opts,
     .rest = "[COMMAND...]",
     .mixed = true,
     .run = cmd_help},
    {0},
};
