/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/alerts.h"
#include "cli/command.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli_sql.h"

static enum exit_code show_newest(struct alerts *alerts) {
    char limit[LIST_LIMIT_BYTES];
    char *now = NULL;
    struct pg_param params[ALERTS_FILTERS + 1];
    memcpy(params, alerts->filters, sizeof alerts->filters);
    params[ALERTS_FILTERS] = list_limit(alerts->ctx, limit);
    struct list list = alerts_form(alerts);
    list.limit = args_int(alerts->ctx->args, "limit");
    list.more = "older ones: --limit N (0: all), --since TIME";
    enum exit_code code = alerts_begin(alerts, &now);
    if (code == EXIT_OK) {
        alerts_set_next(alerts, now);
        code = list_show(alerts->ctx, &list, sql_list_alerts, ALERTS_FILTERS + 1, params);
    }
    free(now);
    return db_explain_time(alerts->ctx, code, "since");
}

static enum exit_code show(struct ctx *ctx, const char *run_id) {
    struct alerts alerts;
    alerts_init(&alerts, ctx, run_id);
    const bool after =
        args_given(ctx->args, "after") || args_given(ctx->args, "wait") || alerts.follows;
    const enum exit_code code = after ? alerts_show_after(&alerts) : show_newest(&alerts);
    alerts_fini(&alerts);
    return code;
}

static enum exit_code check_options(struct ctx *ctx) {
    const char *format = args_text(ctx->args, "format");
    if (args_given(ctx->args, "level") && args_given(ctx->args, "min-level")) {
        return ctx_fail(ctx, EXIT_USAGE, "--level and --min-level exclude each other.");
    }
    if (!args_given(ctx->args, "follow")) {
        return EXIT_OK;
    }
    if (args_given(ctx->args, "wait")) {
        return ctx_fail(ctx, EXIT_USAGE, "--follow waits for ever: leave out --wait.");
    }
    if (args_given(ctx->args, "json") || (format != NULL && strcmp(format, "ndjson") != 0)) {
        return ctx_fail(ctx, EXIT_USAGE, "--follow prints an object a line: --format=ndjson.");
    }
    ctx->json = ctx->lines = true;
    return EXIT_OK;
}

enum exit_code cmd_list_alerts(struct ctx *ctx) {
    enum exit_code code = check_options(ctx);
    if (code != EXIT_OK || !args_given(ctx->args, "run")) {
        return code == EXIT_OK ? show(ctx, NULL) : code;
    }
    struct run run;
    code = find_run(ctx, &run);
    if (code == EXIT_OK) {
        code = show(ctx, run.id);
        find_run_free(&run);
    }
    return code;
}
