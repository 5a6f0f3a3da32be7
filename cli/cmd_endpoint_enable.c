/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/endpoint.h"
#include "cli/json.h"
#include "cli/who.h"
#include "cli_sql.h"

static void print(const struct ctx *ctx, const char *id, const char *url, bool enabled) {
    if (!ctx->json) {
        ctx_note("Endpoint %s (%s) is %s.", id, url, enabled ? "enabled" : "disabled");
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, id);
    json_key(&json, "enabled");
    json_bool(&json, enabled);
    ctx_json_close(&json);
}

static enum exit_code set(struct ctx *ctx, const char *sql, const char *why, bool enabled) {
    const char *id = NULL;
    struct pg_rows *rows = NULL;
    const enum exit_code code = endpoint_change(ctx, sql, why, &id, &rows);
    if (code == EXIT_OK) {
        print(ctx, id, pg_text(rows, 0, 0), enabled);
        pg_rows_free(rows);
    }
    return code;
}

enum exit_code cmd_endpoint_enable(struct ctx *ctx) {
    return set(ctx, sql_enable_endpoint, NULL, true);
}

enum exit_code cmd_endpoint_disable(struct ctx *ctx) {
    char who[WIRE_NAME_BYTES_MAX + 1];
    char why[sizeof who + 16];
    who_find(who);
    snprintf(why, sizeof why, "by hand, by %s", who);
    return set(ctx, sql_disable_endpoint, why, false);
}
