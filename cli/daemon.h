/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

/* The tocsind that `tocsin up` runs. Its pid file carries a lock that tocsind inherits and holds
 * for as long as it lives, so a stale pid is never mistaken for it and never killed. */

#include <stdbool.h>
#include <sys/types.h>

#include "schema/wire/place.h"

#define DAEMON_HEALTH_BYTES 64

struct daemon {
    char pid_file[PLACE_PATH_BYTES_MAX]; /* <runtime>/tocsind.pid */
    char log[PLACE_PATH_BYTES_MAX];      /* <data directory>/tocsind.log */
};

/* data_dir: NULL for the default one. Makes nothing. */
enum err daemon_find(const char *data_dir, struct daemon *out, struct why *why) ERR_MUST_CHECK;
/* The pid, or 0 if it does not run. */
pid_t daemon_pid(const struct daemon *daemon);
/* Starts it on dsn and waits until it is ready. ERR_IO with its own last words. */
enum err daemon_start(const struct daemon *daemon, const char *dsn, struct why *why) ERR_MUST_CHECK;
/* SIGTERM, and waits for its end; ERR_IO if it does not come in time. Fine if it does not run. */
enum err daemon_stop(const struct daemon *daemon, struct why *why) ERR_MUST_CHECK;
/* Where it serves /metrics and /healthz, from its ready line; "" if that is not known. */
void daemon_health(const struct daemon *daemon, char out_address[DAEMON_HEALTH_BYTES]);

#endif
