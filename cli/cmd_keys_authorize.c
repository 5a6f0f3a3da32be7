/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/json.h"
#include "cli_sql.h"
#include "schema/wire/keyfile.h"
#include "schema/wire/wire.h"

static enum exit_code check(struct ctx *ctx) {
    const char *name = args_text(ctx->args, "name");
    if (!keyfile_is_key(args_text(ctx->args, "public-key"))) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "--public-key is the public key that `tocsin keys client` printed: 40 "
                        "characters, in single quotes.");
    }
    if (name[0] == '\0' || strlen(name) > WIRE_NAME_BYTES_MAX || !str_is_text(str_of(name))) {
        return ctx_fail(ctx, EXIT_USAGE, "--name is a text of 1 to %d bytes.", WIRE_NAME_BYTES_MAX);
    }
    return EXIT_OK;
}

static enum exit_code authorize(struct ctx *ctx, const char *projects) {
    const struct args *args = ctx->args;
    const struct pg_param params[] = {db_text(args_text(args, "name")),
                                      db_text(args_text(args, "public-key")),
                                      db_text(projects),
                                      db_text(args_text(args, "points-per-s")),
                                      db_text(args_text(args, "series-per-min")),
                                      db_text(args_text(args, "alerts-per-min")),
                                      db_text(args_given(args, "replace") ? "true" : "false")};
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_authorize_key, 7, params, &rows);
    if (code != EXIT_OK) {
        return strcmp(pg_sqlstate(ctx->pg), "23505") == 0
                   ? ctx_fail(ctx, EXIT_USAGE,
                              "This public key belongs to another name; see: tocsin keys list")
                   : code;
    }
    const bool done = pg_rows_n(rows) == 1;
    pg_rows_free(rows);
    return done ? EXIT_OK
                : ctx_fail(ctx, EXIT_USAGE,
                           "There is a key '%s' with another public key; give --replace to put "
                           "this one in its place, or choose another name.",
                           args_text(args, "name"));
}

static void print(struct ctx *ctx) {
    const char *name = args_text(ctx->args, "name");
    if (!ctx->json) {
        ctx_note("Key '%s' is authorised; collectors know it within seconds.", name);
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "name");
    json_text(&json, name);
    ctx_json_close(&json);
}

enum exit_code cmd_keys_authorize(struct ctx *ctx) {
    enum exit_code code = check(ctx);
    if (code == EXIT_OK) {
        code = db_become_owner(ctx);
    }
    if (code != EXIT_OK) {
        return code;
    }
    char *projects = args_given(ctx->args, "project") ? array_of_option(ctx, "project") : NULL;
    code = authorize(ctx, projects);
    free(projects);
    if (code == EXIT_OK) {
        print(ctx);
    }
    return code;
}
