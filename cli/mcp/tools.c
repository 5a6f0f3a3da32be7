/* SPDX-License-Identifier: Apache-2.0 */
/* The table of tools. A new tool is a row here; docs/mcp.md has the same rows, and a test compares
 * them. More than ten readers would cost an agent more than they give it. */

#include "cli/mcp/tools.h"

#include <stdlib.h>
#include <string.h>

#include "cli/mcp/schema.h"
#include "cli/watch.h"

static const struct tool_arg no_args[] = {{0}};

static const struct tool_arg runs_args[] = {
    {.name = "project"}, {.name = "filter"}, {.name = "metric"},
    {.name = "sort"},    {.name = "top"},    {.name = "agg"},
    {.name = "rank"},    {.name = "limit"},  {0},
};

static const struct tool_arg run_args[] = {{.name = "project"}, {.name = "run"}, {0}};

/* A value is about a hundred bytes. */
#define VALUES "200"

static const struct tool_arg metric_args[] = {
    {.name = "project"},
    {.name = "run"},
    {.name = "metric"},
    {.name = "step"},
    {.name = "around"},
    {.name = "at_time"},
    {.name = "window"},
    {.name = "rank"},
    {.name = "attempt"},
    {.name = "agg"},
    {.name = "max_points", .fallback = VALUES},
    {0},
};

static const struct tool_arg snapshot_args[] = {
    {.name = "project"},
    {.name = "run"},
    {.name = "step"},
    {.name = "around"},
    {.name = "at_time"},
    {.name = "window"},
    {.name = "rank"},
    {.name = "attempt"},
    {.name = "agg"},
    {.name = "limit", .fallback = VALUES},
    {0},
};

static const struct tool_arg compare_args[] = {
    {.name = "project"},
    {.name = "metric"},
    {.name = "all"},
    {.name = "agg"},
    {.name = "rank"},
    {.name = "limit"},
    {0},
};

static const struct tool_arg sweep_args[] = {
    {.name = "project"}, {.name = "metric"}, {.name = "by"},   {.name = "goal"},  {.name = "value"},
    {.name = "filter"},  {.name = "agg"},    {.name = "rank"}, {.name = "limit"}, {0},
};

static const struct tool_arg alerts_args[] = {
    {.name = "project"},
    {.name = "cursor", .option = "after"},
    {.name = "run"},
    {.name = "level"},
    {.name = "min_level"},
    {.name = "since"},
    {.name = "rank"},
    {.name = "limit"},
    {0},
};

static const struct tool_arg query_args[] = {{.name = "project"}, {.name = "sql"}, {0}};
static const char *const query_more[] = {"--timeout=30", NULL};

static const struct tool_arg ack_args[] = {{.name = "comment"}, {0}};

const struct tool tools_table[] = {
    {.name = "status",
     .path = "status",
     .text = "Whether the database answers and the collector runs, where they are, and how much "
             "they hold. Ask this first when another tool says that something is unreachable.",
     .args = no_args,
     .alone = true},
    {.name = "list_projects",
     .path = "list projects",
     .text = "The projects, with the number of their runs and when each was last heard of.",
     .args = no_args,
     .less = "query_sql can select from runs_overview"},
    {.name = "list_runs",
     .path = "list runs",
     .text = "The runs of a project with state, steps and alerts, oldest first. filter takes "
             "conditions such as state=running, config.lr<0.01, metric:val/loss<0.5, "
             "alert>=error or tag=baseline (operators = != < <= > >= and ~ !~ with * for any "
             "text); sort and top order them; metric adds its last, least and greatest value.",
     .args = runs_args,
     .less = "filter, top or limit"},
    {.name = "get_run",
     .path = "get run",
     .text = "One run: its state, configuration, last step and the names of its metrics.",
     .args = run_args,
     .less = "query_sql can select single columns from runs_overview"},
    {.name = "get_metrics",
     .path = "get metric",
     .text =
         "The values of one metric of a run, those of all ranks in the order of their times, or "
         "with agg one value a step. Of more values than max_points those are given that show "
         "the curve, and no spike is lost; truncated says so.",
     .args = metric_args,
     .less = "a smaller max_points, around with window, or rank"},
    {.name = "snapshot",
     .path = "get snapshot",
     .text = "All metrics of a run around a step or a time: what happened when an alert came. One "
             "of step, around and at_time is needed.",
     .args = snapshot_args,
     .less = "a smaller window or limit, rank or agg"},
    {.name = "compare_runs",
     .path = "compare",
     .text = "What differs between the configurations of runs, and their metrics side by side.",
     .args = compare_args,
     .list = "runs",
     .list_text = "two runs or more: names, of which the newest run counts, or ids",
     .less = "metric, limit, or fewer runs"},
    {.name = "sweep_summary",
     .path = "sweep",
     .text = "Which values of the configuration made a metric good, over all runs and ranks of a "
             "sweep: best run, mean and spread for each value or combination of values.",
     .args = sweep_args,
     .less = "limit or filter"},
    {.name = "poll_alerts",
     .path = "list alerts",
     .text = "Alerts of a project. Without cursor: the newest ones, newest first, and the cursor "
             "to go on from. With the cursor of the last answer: what was stored since then, each "
             "alert once and none left out. With wait_s an answer without alerts comes after "
             "that time only, so an agent that watches a training asks again and again with the "
             "last cursor and wait_s 30.",
     .args = alerts_args,
     .less = "limit, level or run",
     .listen = WATCH_ALERTS},
    {.name = "query_sql",
     .path = "query project",
     .text = "Answers one SQL statement (PostgreSQL, read-only, at most 30 s) for what the other "
             "tools do not answer. Views that hold everything, each with a column project: "
             "metrics (project, run, rank, step, time, name, value), system_metrics, "
             "metric_summary, runs_overview, alerts_feed, producers_overview and others; their "
             "columns are in information_schema.columns where table_schema = 'tocsin'.",
     .args = query_args,
     .more = query_more,
     .less = "aggregates, fewer columns, or LIMIT",
     .alone = true},
    {.name = "ack_alert",
     .path = "ack",
     .text = "Acknowledges alerts by their ids: somebody is on it. Alerts of the same run, level "
             "and title are stored and no longer sent to people.",
     .args = ack_args,
     .list = "alert_ids",
     .list_text = "the ids, as poll_alerts told them",
     .alone = true,
     .writes = true},
    {0},
};

const struct tool *tools_find(const char *name, bool writes) {
    for (const struct tool *tool = tools_table; tool->name != NULL; tool++) {
        if (strcmp(tool->name, name) == 0) {
            return tool->writes && !writes ? NULL : tool;
        }
    }
    return NULL;
}

const struct command *tools_command(const struct tool *tool) {
    const struct command *command = command_table;
    while (command->path != NULL && strcmp(command->path, tool->path) != 0) {
        command++;
    }
    if (command->path == NULL) {
        abort(); /* the table is wrong */
    }
    return command;
}

/* at_time is at-time. */
static bool same_name(const char *arg, const char *option) {
    while (*arg != '\0' && (*arg == *option || (*arg == '_' && *option == '-'))) {
        arg++;
        option++;
    }
    return *arg == '\0' && *option == '\0';
}

const struct opt *tools_option(const struct tool *tool, const struct tool_arg *arg) {
    const char *name = arg->option != NULL ? arg->option : arg->name;
    for (const struct opt *opt = tools_command(tool)->opts; opt->name != NULL; opt++) {
        if (same_name(name, opt->name)) {
            return opt;
        }
    }
    abort(); /* the table is wrong */
}

void tools_put(struct json *json, bool writes) {
    json_open(json, '[');
    for (const struct tool *tool = tools_table; tool->name != NULL; tool++) {
        if (writes || !tool->writes) {
            schema_put_tool(json, tool);
        }
    }
    json_close(json);
}
