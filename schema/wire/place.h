/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_PLACE_H
#define SCHEMA_WIRE_PLACE_H

/* Where a trainer, the collector and the CLI of one user on one machine meet without any
 * configuration. Both ends compute the same places from the same rules, so these rules are a
 * contract:
 *
 *   runtime   $TOCSIN_RUNTIME_DIR, else $XDG_RUNTIME_DIR/tocsin, else /run/user/<uid>/tocsin where
 *             /run/user/<uid> exists, else /tmp/tocsin-<uid>; root: /run/tocsin
 *   data      $TOCSIN_DATA_DIR, else $XDG_DATA_HOME/tocsin, else ~/.local/share/tocsin;
 *             root: /var/lib/tocsin (the private PostgreSQL runs there as another user, which
 *             could not reach into /root)
 *   ingest    ipc://<runtime>/ingest.sock
 *
 * For root the TOCSIN_ variables count, the XDG ones do not. Nothing here creates anything. All
 * paths are absolute; a path over the room given is ERR_TOO_LONG, never cut.
 */

#include <stddef.h>

#include "schema/wire/err.h"

#define PLACE_PATH_BYTES_MAX 4096
/* sockaddr_un holds 108 bytes with its NUL; longer socket paths cannot be bound or connected. */
#define PLACE_SOCKET_BYTES_MAX 108

enum err place_runtime_dir(size_t size, char *out_path, struct why *why) ERR_MUST_CHECK;
enum err place_data_dir(size_t size, char *out_path, struct why *why) ERR_MUST_CHECK;
enum err place_ingest_endpoint(size_t size, char *out_endpoint, struct why *why) ERR_MUST_CHECK;

#endif
