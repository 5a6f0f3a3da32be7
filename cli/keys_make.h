/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_KEYS_MAKE_H
#define CLI_KEYS_MAKE_H

/* Makes CURVE key pairs: the one thing for which the CLI needs libzmq. */

#include "schema/wire/keyfile.h"

/* A new random pair. Its public key begins with a letter or digit, so that it is never taken for an
 * option or a comment. Errors: ERR_CONFIG (a libzmq without CURVE). */
enum err keys_make(struct keyfile_pair *out, struct why *why) ERR_MUST_CHECK;

/* Makes a pair, writes it to path and gives its public key. Errors: those of keys_make() and
 * keyfile_write(). */
enum err keys_make_file(const char *path, char out_public_key[KEYFILE_KEY_CHARS + 1],
                        struct why *why) ERR_MUST_CHECK;

#endif
