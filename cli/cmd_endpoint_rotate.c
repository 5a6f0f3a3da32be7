/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/db.h"
#include "cli/endpoint.h"
#include "cli/ids.h"
#include "cli/json.h"
#include "cli/signing.h"
#include "cli_sql.h"

#define COLUMN_HAD_ONE 1

/* Only generic endpoints are signed: Slack and Discord check nothing. */
static enum exit_code check_kind(struct ctx *ctx, const char *id) {
    const struct pg_param params[] = {db_text(id)};
    struct pg_rows *rows = NULL;
    enum exit_code code = db_query(ctx, sql_find_endpoint, 1, params, &rows);
    if (code == EXIT_OK && pg_rows_n(rows) == 1 && strcmp(pg_text(rows, 0, 0), "generic") != 0) {
        code = ctx_fail(ctx, EXIT_USAGE, "Endpoint %s is for %s, which checks no signatures.", id,
                        pg_text(rows, 0, 0));
    }
    pg_rows_free(rows);
    return code;
}

static void print(const struct ctx *ctx, const char *id, const char *secret, bool had_one) {
    if (!ctx->json) {
        fprintf(ctx->out, "signing secret    %s\n", secret);
        ctx_note("The secret is shown this once.%s",
                 had_one ? " Messages carry signatures of the old one too for 24 hours." : "");
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, id);
    json_key(&json, "secret");
    json_text(&json, secret);
    ctx_json_close(&json);
}

static enum exit_code rotate(struct ctx *ctx, const char *secret) {
    const char *id = NULL;
    struct pg_rows *rows = NULL;
    const enum exit_code code = endpoint_change(ctx, sql_rotate_endpoint, secret, &id, &rows);
    if (code == EXIT_OK) {
        print(ctx, id, secret, pg_text(rows, 0, COLUMN_HAD_ONE)[0] == 't');
        pg_rows_free(rows);
    }
    return code;
}

enum exit_code cmd_endpoint_rotate(struct ctx *ctx) {
    char secret[SIGNING_BYTES];
    const char *id = NULL;
    struct why why = {""};
    enum exit_code code = ids_one(ctx, "an endpoint", "endpoint list", &id);
    if (code == EXIT_OK) {
        code = db_become_owner(ctx);
    }
    if (code == EXIT_OK) {
        code = check_kind(ctx, id);
    }
    if (code != EXIT_OK) {
        return code;
    }
    if (signing_make(secret, &why) != ERR_OK) {
        return ctx_fail(ctx, EXIT_INTERNAL, "%s", why.text);
    }
    code = rotate(ctx, secret);
    explicit_bzero(secret, sizeof secret);
    return code;
}
