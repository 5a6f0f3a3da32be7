/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/ids.h"
#include "cli/json.h"
#include "cli_sql.h"

static void print(const struct ctx *ctx, const char *id) {
    if (!ctx->json) {
        ctx_note("Silence %s is over; what it held back stays unsent.", id);
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, id);
    ctx_json_close(&json);
}

enum exit_code cmd_silence_remove(struct ctx *ctx) {
    const char *id = NULL;
    struct pg_rows *rows = NULL;
    enum exit_code code = ids_one(ctx, "a silence", "silence list", &id);
    if (code == EXIT_OK) {
        code = db_become_owner(ctx);
    }
    if (code == EXIT_OK) {
        const struct pg_param params[] = {db_text(id)};
        code = db_query(ctx, sql_end_silence, 1, params, &rows);
    }
    if (code != EXIT_OK) {
        return code;
    }
    const bool found = pg_rows_n(rows) == 1;
    pg_rows_free(rows);
    if (!found) {
        return ctx_fail(ctx, EXIT_NOT_FOUND, "No silence %s is in force. See: tocsin silence list",
                        id);
    }
    print(ctx, id);
    return EXIT_OK;
}
