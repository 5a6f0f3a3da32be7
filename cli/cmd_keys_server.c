/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/home.h"
#include "cli/json.h"
#include "cli/keys_make.h"

/* Where the pair is if nobody says: in the data directory, which is made. */
static enum err default_file(size_t size, char *out_file, struct why *why) {
    struct home home;
    enum err err = home_find(NULL, &home, why);
    if (err == ERR_OK) {
        err = home_make(&home, why);
    }
    if (err == ERR_OK) {
        snprintf(out_file, size, "%s/server.key", home.data);
    }
    return err;
}

static enum err read_public_key(const char *file, char out_public_key[KEYFILE_KEY_CHARS + 1],
                                struct why *why) {
    struct keyfile_pair pair;
    const enum err err = keyfile_read(file, &pair, why);
    if (err == ERR_OK) {
        memcpy(out_public_key, pair.public_key, sizeof pair.public_key);
        keyfile_wipe(&pair);
    }
    return err;
}

static void print_json(const struct ctx *ctx, const char *file, const char *public_key, bool made) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "public_key");
    json_text(&json, public_key);
    json_key(&json, "file");
    json_text(&json, file);
    json_key(&json, "made");
    json_bool(&json, made);
    ctx_json_close(&json);
}

static void print(const struct ctx *ctx, const char *file, const char *public_key) {
    fprintf(ctx->out,
            "public key        %s\n"
            "tocsind needs     server_key = %s\n"
            "trainers need     TOCSIN_SERVER_KEY='%s'\n",
            public_key, file, public_key);
}

enum exit_code cmd_keys_server(struct ctx *ctx) {
    char place[PLACE_PATH_BYTES_MAX + sizeof "/server.key"];
    char public_key[KEYFILE_KEY_CHARS + 1];
    const char *file = args_text(ctx->args, "out");
    struct why why = {""};
    enum err err = ERR_OK;
    if (file == NULL) {
        err = default_file(sizeof place, place, &why);
        file = place;
    }
    const bool there = err == ERR_OK && access(file, F_OK) == 0;
    if (err == ERR_OK) {
        err = there ? read_public_key(file, public_key, &why)
                    : keys_make_file(file, public_key, &why);
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    if (ctx->json) {
        print_json(ctx, file, public_key, !there);
    } else {
        print(ctx, file, public_key);
    }
    return EXIT_OK;
}
