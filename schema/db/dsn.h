/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_DB_DSN_H
#define SCHEMA_DB_DSN_H

/* The connection string of the database: which one, how it may be shown, what it asks for.
 *
 * Which one: what was given, else $TOCSIN_DSN, else the private cluster that `tocsin up`
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

/* The DSN as it may be shown: password replaced by "***". Cut to size. */
void dsn_mask(const char *dsn, size_t size, char *out);

/* Sets the PG* variables of this process to what the DSN says, for a program that is about to be
 * run: a DSN among its arguments could be read by every user. Settings without a variable are left
 * out. ERR_CONFIG: malformed. */
enum err dsn_export(const char *dsn, struct why *why) ERR_MUST_CHECK;

#define DSN_OPTIONS_BYTES_MAX 2048
/* The options of the startup packet: the DSN's own, then ours. ERR_CONFIG: malformed, or it holds
 * a password where it would be shown. */
enum err dsn_options(const char *dsn, size_t size, char *out_options,
                     struct why *why) ERR_MUST_CHECK;

/* The directory of the private cluster's socket: <runtime>/pg. */
enum err dsn_socket_dir(size_t size, char *out_path, struct why *why) ERR_MUST_CHECK;

#endif
