/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/keys.h"

#include <string.h>

#include "emitter/include/tocsin.h"

enum err keys_check(const char *server_key, const char *key_file, struct why *why) {
    if ((server_key == NULL) != (key_file == NULL)) {
        return why_set(why, ERR_CONFIG, "TOCSIN_SERVER_KEY and TOCSIN_KEY_FILE go together: set %s",
                       server_key == NULL ? "the first, too, or unset the second"
                                          : "the second, too, or unset the first");
    }
    if (server_key != NULL && !keyfile_is_key(server_key)) {
        return why_set(why, ERR_CONFIG,
                       "TOCSIN_SERVER_KEY is not a key: set it to the 40 characters that tocsin "
                       "keys server shows, in single quotes");
    }
    return ERR_OK;
}

enum err keys_read(const char *server_key, const char *key_file, struct link_keys *out,
                   struct why *why) {
    struct link_keys keys = {.server = ""};
    enum err err = keys_check(server_key, key_file, why);
    if (err == ERR_OK && server_key != NULL) {
        memcpy(keys.server, server_key, sizeof keys.server);
        err = keyfile_read(key_file, &keys.own, why);
    }
    if (err == ERR_OK) {
        *out = keys;
    }
    explicit_bzero(&keys, sizeof keys);
    return err;
}

enum tocsin_err tocsin_keypair(char out_public_key[41], char out_secret_key[41]) {
    if (out_public_key == NULL || out_secret_key == NULL) {
        return TOCSIN_ERR_ARGUMENT;
    }
    return link_make_keys(out_public_key, out_secret_key) == ERR_OK ? TOCSIN_OK : TOCSIN_ERR_SYSTEM;
}
