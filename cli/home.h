/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HOME_H
#define CLI_HOME_H

/* The two directories that `tocsin up` works in, and the lock that makes `up` and `down` one after
 * the other. */

#include "schema/wire/place.h"

struct home {
    char data[PLACE_PATH_BYTES_MAX];    /* logs, and the private PostgreSQL's data below it */
    char runtime[PLACE_PATH_BYTES_MAX]; /* sockets and locks */
    char endpoint[PLACE_SOCKET_BYTES_MAX + 16]; /* where trainers look for tocsind */
};

/* data_dir: NULL for the default one. Makes nothing. Paths that no socket or no PostgreSQL can
 * have are ERR_CONFIG or ERR_TOO_LONG, with the remedy. */
enum err home_find(const char *data_dir, struct home *out, struct why *why) ERR_MUST_CHECK;

/* Makes what is missing. Root's may be entered, not listed, by others: the private PostgreSQL runs
 * as another user then. ERR_IO: not writable, or somebody else's. */
enum err home_make(const struct home *home, struct why *why) ERR_MUST_CHECK;

/* Waits until no other `up` or `down` is at work. The lock lasts until *out_fd is closed or the
 * process ends. The runtime directory must be there. */
enum err home_lock(const struct home *home, int *out_fd, struct why *why) ERR_MUST_CHECK;

#endif
