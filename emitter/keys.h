/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_KEYS_H
#define EMITTER_KEYS_H

/* The keys of this side's connections, from the two settings that name them. */

#include "emitter/link.h"

/* Both or none, and the first is a key. Errors: ERR_CONFIG with the sentence. */
enum err keys_check(const char *server_key, const char *key_file, struct why *why) ERR_MUST_CHECK;

/* The same, and reads the file. Both NULL: empty keys, which mean none. The caller wipes out.
 * Errors: ERR_CONFIG, and those of keyfile_read(). */
enum err keys_read(const char *server_key, const char *key_file, struct link_keys *out,
                   struct why *why) ERR_MUST_CHECK;

#endif
