/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys_make.h"

#include <ctype.h>
#include <string.h>
#include <zmq.h>

enum err keys_make(struct keyfile_pair *out, struct why *why) {
    struct keyfile_pair pair;
    do {
        if (zmq_curve_keypair(pair.public_key, pair.secret_key) != 0) {
            return why_set(why, ERR_CONFIG,
                           "the installed libzmq was built without CURVE; install one with it");
        }
    } while (!isalnum((unsigned char)pair.public_key[0]));
    *out = pair;
    keyfile_wipe(&pair);
    return ERR_OK;
}

enum err keys_make_file(const char *path, char out_public_key[KEYFILE_KEY_CHARS + 1],
                        struct why *why) {
    struct keyfile_pair pair;
    enum err err = keys_make(&pair, why);
    if (err != ERR_OK) {
        return err;
    }
    err = keyfile_write(path, &pair, why);
    if (err == ERR_OK) {
        memcpy(out_public_key, pair.public_key, sizeof pair.public_key);
    }
    keyfile_wipe(&pair);
    return err;
}
