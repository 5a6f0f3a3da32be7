/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_KEYFILE_H
#define SCHEMA_WIRE_KEYFILE_H

/* A CURVE key pair as a file, the same for collector, trainers and CLI:
 *
 *     # tocsin key pair. Whoever can read this file is its owner.
 *     public = rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7
 *     secret = JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6
 *
 * Keys are text, 32 bytes in Z85 (ZeroMQ RFC 32): 40 characters without blanks, quotes or
 * backslashes. This module knows nothing of cryptography: pairs are made and used where libzmq is.
 */

#include <stdbool.h>

#include "schema/wire/err.h"

#define KEYFILE_KEY_CHARS 40

struct keyfile_pair {
    char public_key[KEYFILE_KEY_CHARS + 1];
    char secret_key[KEYFILE_KEY_CHARS + 1];
};

/* Whether text is a key: 40 characters that stand for 32 bytes. */
bool keyfile_is_key(const char *text);

/* Reads a pair. Only from a regular file of this user or of root that nobody else may read or
 * write, in a directory where nobody else could have put it; never through a symbolic link as last
 * part of the path. The caller wipes out (keyfile_wipe()). Errors: ERR_IO (cannot be read),
 * ERR_CONFIG (all the rest), each with a sentence that names the file and the remedy. */
enum err keyfile_read(const char *path, struct keyfile_pair *out, struct why *why) ERR_MUST_CHECK;

/* Makes the file, 0600, on disk when this returns; an existing one is never overwritten.
 * Errors: ERR_CONFIG (it exists), ERR_IO. */
enum err keyfile_write(const char *path, const struct keyfile_pair *pair,
                       struct why *why) ERR_MUST_CHECK;

/* Overwrites both keys, so that no core dump or freed page has them. */
void keyfile_wipe(struct keyfile_pair *pair);

#endif
