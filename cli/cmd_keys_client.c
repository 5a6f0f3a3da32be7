/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/json.h"
#include "cli/keys_make.h"

static void print_json(const struct ctx *ctx, const char *file, const char *public_key) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "public_key");
    json_text(&json, public_key);
    json_key(&json, "file");
    json_text(&json, file);
    ctx_json_close(&json);
}

enum exit_code cmd_keys_client(struct ctx *ctx) {
    const char *file = args_text(ctx->args, "out");
    char public_key[KEYFILE_KEY_CHARS + 1];
    struct why why = {""};
    const enum err err = keys_make_file(file, public_key, &why);
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    if (ctx->json) {
        print_json(ctx, file, public_key);
    } else {
        fprintf(ctx->out,
                "public key        %s\n"
                "to allow it       tocsin keys authorize --name NAME --public-key='%s'\n"
                "trainers need     TOCSIN_KEY_FILE and TOCSIN_SERVER_KEY\n",
                public_key, public_key);
    }
    return EXIT_OK;
}
