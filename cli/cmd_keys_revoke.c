/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/json.h"
#include "cli_sql.h"

static void print(struct ctx *ctx, const char *name) {
    if (!ctx->json) {
        ctx_note("Key '%s' is revoked; collectors refuse it within seconds.", name);
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "name");
    json_text(&json, name);
    ctx_json_close(&json);
}

enum exit_code cmd_keys_revoke(struct ctx *ctx) {
    const char *name = args_text(ctx->args, "name");
    const struct pg_param params[] = {db_text(name)};
    struct pg_rows *rows = NULL;
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_revoke_key, 1, params, &rows);
    }
    if (code != EXIT_OK) {
        return code;
    }
    const bool found = pg_rows_n(rows) == 1;
    pg_rows_free(rows);
    if (!found) {
        return ctx_fail(ctx, EXIT_NOT_FOUND, "There is no key '%s'. See: tocsin keys list", name);
    }
    print(ctx, name);
    return EXIT_OK;
}
