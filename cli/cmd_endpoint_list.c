/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/find.h"
#include "cli/list.h"
#include "cli_sql.h"

static void print_head(struct json *json, const void *context) {
    const struct ctx *ctx = context;
    json_key(json, "project");
    json_text(json, args_text(ctx->args, "project"));
}

static enum exit_code check(struct ctx *ctx, const void *context) {
    (void)context;
    return args_given(ctx->args, "project") ? find_project(ctx) : EXIT_OK;
}

enum exit_code cmd_endpoint_list(struct ctx *ctx) {
    const struct pg_param params[] = {db_text(args_text(ctx->args, "project"))};
    const struct list list = {
        .key = "endpoints",
        .wide = 6, /* last_message and what follows */
        .empty = "Alerts go nowhere yet. See: tocsin endpoint add --help",
        .check = check,
        .head = print_head,
        .context = ctx,
    };
    return list_show(ctx, &list, sql_list_endpoints, 1, params);
}
