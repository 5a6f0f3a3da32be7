/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_DB_DSN_H
#define SCHEMA_DB_DSN_H

/* Which database: what was given, else $TOCSIN_DSN, else the private cluster that `tocsin up`
 * makes, through its socket in the runtime directory. A given DSN names its own user; the private
 * cluster is entered as `role`. */

#include <stdbool.h>
#include <stddef.h>

#include "schema/wire/err.h"

#define DSN_BYTES_MAX 4608 /* a path of PLACE_PATH_BYTES_MAX and the words around it */

/* given: from a flag or a file, may be NULL. out_private: whether it is the private cluster.
 * Errors: ERR_TOO_LONG, and those of place_runtime_dir(). */
enum err dsn_resolve(const char *given, const char *role, size_t size, char *out_dsn,
                     bool *out_private, struct why *why) ERR_MUST_CHECK;

/* The directory of the private cluster's socket: <runtime>/pg. */
enum err dsn_socket_dir(size_t size, char *out_path, struct why *why) ERR_MUST_CHECK;

#endif
