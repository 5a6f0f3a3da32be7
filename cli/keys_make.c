/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys_make.h"

#include <ctype.h>
#include <string.h>

#include "cli/bus.h"

static enum err make(struct keyfile_pair *out, struct why *why) {
    struct bus bus;
    enum err err = bus_load(&bus, why);
    if (err != ERR_OK) {
        return err;
    }
    do {
        if (bus.keypair(out->public_key, out->secret_key) != TOCSIN_OK) {
            return why_set(why, ERR_CONFIG,
                           "the installed libzmq was built without CURVE; install one with it");
        }
    } while (!isalnum((unsigned char)out->public_key[0]));
    return ERR_OK;
}

enum err keys_make_file(const char *path, char out_public_key[KEYFILE_KEY_CHARS + 1],
                        struct why *why) {
    struct keyfile_pair pair;
    enum err err = make(&pair, why);
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
