/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

/* The tocsind that `tocsin up` runs. Its pid file carries a lock that tocsind inherits and holds
 * for as long as it lives, so a stale pid is never mistaken for it and never killed. */

#include <sys/types.h>

#include "cli/home.h"
#include "schema/db/dsn.h"

struct daemon {
    char pid_file[PLACE_PATH_BYTES_MAX]; /* <runtime>/tocsind.pid */
    char log[PLACE_PATH_BYTES_MAX];      /* <data directory>/tocsind.log */
};

struct daemon_ready {
    char listen[512];
    char health[64]; /* where it serves /metrics and /healthz */
};

/* Makes nothing. */
enum err daemon_find(const struct home *home, struct daemon *out, struct why *why) ERR_MUST_CHECK;

/* The pid, or 0 if it does not run. out_dsn: NULL, or where it stores, password masked; "" if it
 * does not run. */
pid_t daemon_look(const struct daemon *daemon, char out_dsn[DSN_BYTES_MAX]);
/* Its addresses from its ready line; "" where that is not known. */
void daemon_ready(const struct daemon *daemon, struct daemon_ready *out);

/* Starts it on dsn and waits until it is ready. ERR_IO with its own last words. */
enum err daemon_start(const struct daemon *daemon, const char *dsn, struct why *why) ERR_MUST_CHECK;
/* SIGTERM, and waits for its end; ERR_IO if it does not come in time. Fine if it does not run. */
enum err daemon_stop(const struct daemon *daemon, struct why *why) ERR_MUST_CHECK;

#endif
