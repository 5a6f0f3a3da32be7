/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/endpoint.h"
#include "cli/json.h"
#include "cli_sql.h"

enum { COLUMN_URL, COLUMN_ALERTS, COLUMN_MESSAGES };

static void print(const struct ctx *ctx, const char *id, const struct pg_rows *rows) {
    if (!ctx->json) {
        ctx_note("Endpoint %s (%s) is removed. Not sent: %s alerts and %s messages that waited.",
                 id, pg_text(rows, 0, COLUMN_URL), pg_text(rows, 0, COLUMN_ALERTS),
                 pg_text(rows, 0, COLUMN_MESSAGES));
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, id);
    json_key(&json, "alerts_abandoned");
    json_int(&json, pg_int(rows, 0, COLUMN_ALERTS));
    json_key(&json, "messages_abandoned");
    json_int(&json, pg_int(rows, 0, COLUMN_MESSAGES));
    ctx_json_close(&json);
}

enum exit_code cmd_endpoint_remove(struct ctx *ctx) {
    const char *id = NULL;
    struct pg_rows *rows = NULL;
    const enum exit_code code = endpoint_change(ctx, sql_remove_endpoint, NULL, &id, &rows);
    if (code == EXIT_OK) {
        print(ctx, id, rows);
        pg_rows_free(rows);
    }
    return code;
}
