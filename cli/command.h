/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

/* What a command of `tocsin` is: one row of the table in commands.c. Parsing, help, docs/cli.md and
 * the tests are derived from that table. A command is a function in cmd_<name>.c that returns an
 * exit code; it never calls exit(). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctx; /* cli/ctx.h */

enum exit_code {
    EXIT_OK = 0, /* exits.c says what each of them means */
    EXIT_INTERNAL = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_AUTH = 4,
    EXIT_UNREACHABLE = 5,
    EXIT_RUN_FAILED = 6,
    EXIT_TIMEOUT = 8,
};

enum opt_kind {
    OPT_FLAG,   /* takes no value */
    OPT_TEXT,   /* any text */
    OPT_LIST,   /* any text; may be given several times */
    OPT_INT,    /* a whole number from min to max */
    OPT_TIME,   /* a duration such as 90s, 15m, 2h or 7d, from min to max seconds */
    OPT_CHOICE, /* one of the words in `value`, which are separated by | */
};

struct opt {
    const char *name; /* without the dashes; NULL ends a list */
    enum opt_kind kind;
    bool required;
    const char *value;    /* the value's name in the help; NULL for a flag */
    const char *help;     /* one line, starts small, no full stop */
    const char *fallback; /* what counts when the option is absent; NULL: nothing */
    int64_t min;          /* OPT_INT and OPT_TIME only */
    int64_t max;
};

struct command {
    const char *path;       /* "list alerts" */
    const char *line;       /* what it does, one line, starts small, no full stop */
    const char *text;       /* more for --help, one paragraph; NULL: nothing more */
    const char *json;       /* its JSON document, in the notation of shape.h; NULL: it has none */
    const char *rows;       /* key of the rows in it, of which --fields chooses; NULL: none */
    const struct opt *opts; /* its own options, ended by a row without name; NULL: none */
    const char *rest;       /* name of the arguments it takes besides options; NULL: none */
    bool mixed;             /* options may stand after these arguments too */
    enum exit_code (*run)(struct ctx *ctx);
};

/* Grouped as --help shows them; ended by a row without path. */
extern const struct command command_table[];
/* Options that every command takes, before or after its name. */
extern const struct opt command_globals[];
/* Options of commands that have rows. */
extern const struct opt command_row_opts[];

enum exit_code cmd_ack(struct ctx *ctx);
enum exit_code cmd_compare(struct ctx *ctx);
enum exit_code cmd_delete_project(struct ctx *ctx);
enum exit_code cmd_delete_run(struct ctx *ctx);
enum exit_code cmd_down(struct ctx *ctx);
enum exit_code cmd_endpoint_add(struct ctx *ctx);
enum exit_code cmd_endpoint_disable(struct ctx *ctx);
enum exit_code cmd_endpoint_enable(struct ctx *ctx);
enum exit_code cmd_endpoint_list(struct ctx *ctx);
enum exit_code cmd_endpoint_remove(struct ctx *ctx);
enum exit_code cmd_endpoint_rotate(struct ctx *ctx);
enum exit_code cmd_endpoint_test(struct ctx *ctx);
enum exit_code cmd_export(struct ctx *ctx);
enum exit_code cmd_get_metric(struct ctx *ctx);
enum exit_code cmd_get_project(struct ctx *ctx);
enum exit_code cmd_get_run(struct ctx *ctx);
enum exit_code cmd_get_snapshot(struct ctx *ctx);
enum exit_code cmd_get_system_metric(struct ctx *ctx);
enum exit_code cmd_help(struct ctx *ctx);
enum exit_code cmd_import_csv(struct ctx *ctx);
enum exit_code cmd_import_tensorboard(struct ctx *ctx);
enum exit_code cmd_import_trackio(struct ctx *ctx);
enum exit_code cmd_import_wandb(struct ctx *ctx);
enum exit_code cmd_keys_authorize(struct ctx *ctx);
enum exit_code cmd_keys_client(struct ctx *ctx);
enum exit_code cmd_keys_list(struct ctx *ctx);
enum exit_code cmd_keys_revoke(struct ctx *ctx);
enum exit_code cmd_keys_server(struct ctx *ctx);
enum exit_code cmd_list_alerts(struct ctx *ctx);
enum exit_code cmd_list_deliveries(struct ctx *ctx);
enum exit_code cmd_list_gaps(struct ctx *ctx);
enum exit_code cmd_list_metrics(struct ctx *ctx);
enum exit_code cmd_list_projects(struct ctx *ctx);
enum exit_code cmd_list_quarantine(struct ctx *ctx);
enum exit_code cmd_list_runs(struct ctx *ctx);
enum exit_code cmd_list_system_metrics(struct ctx *ctx);
enum exit_code cmd_mcp(struct ctx *ctx);
enum exit_code cmd_migrate(struct ctx *ctx);
enum exit_code cmd_prune(struct ctx *ctx);
enum exit_code cmd_psql(struct ctx *ctx);
enum exit_code cmd_query_project(struct ctx *ctx);
enum exit_code cmd_ranks(struct ctx *ctx);
enum exit_code cmd_rename_project(struct ctx *ctx);
enum exit_code cmd_rename_run(struct ctx *ctx);
enum exit_code cmd_retention_list(struct ctx *ctx);
enum exit_code cmd_retention_pin(struct ctx *ctx);
enum exit_code cmd_retention_set(struct ctx *ctx);
enum exit_code cmd_retention_unpin(struct ctx *ctx);
enum exit_code cmd_ship(struct ctx *ctx);
enum exit_code cmd_show(struct ctx *ctx);
enum exit_code cmd_silence_add(struct ctx *ctx);
enum exit_code cmd_silence_list(struct ctx *ctx);
enum exit_code cmd_silence_remove(struct ctx *ctx);
enum exit_code cmd_skill_install(struct ctx *ctx);
enum exit_code cmd_skill_print(struct ctx *ctx);
enum exit_code cmd_status(struct ctx *ctx);
enum exit_code cmd_sweep(struct ctx *ctx);
enum exit_code cmd_up(struct ctx *ctx);
enum exit_code cmd_wait(struct ctx *ctx);

#endif
