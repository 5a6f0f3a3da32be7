/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_KEYS_MAKE_H
#define CLI_KEYS_MAKE_H

/* Makes CURVE key pairs. */

#include "schema/wire/keyfile.h"

/* Makes a random pair, writes it to path and gives its public key, which begins with a letter or
 * digit, so that it is never taken for an option or a comment. Errors: ERR_CONFIG (a libzmq without
 * CURVE), those of bus_load() and keyfile_write(). */
enum err keys_make_file(const char *path, char out_public_key[KEYFILE_KEY_CHARS + 1],
                        struct why *why) ERR_MUST_CHECK;

#endif
