/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

/* The private PostgreSQL of `tocsin up`: a cluster in the user's data directory that listens on a
 * unix socket in the runtime directory and nowhere else. PostgreSQL refuses to run as root; for
 * root it runs as the user postgres, in places that this user can reach. The data directory is
 * never deleted.
 *
 * Whoever started it, the server's own user and root log in without a password (peer), as any of
 * the roles; nobody else can. */

#include "cli/home.h"
#include "cli/process.h"

enum cluster_state { CLUSTER_NONE, CLUSTER_STOPPED, CLUSTER_RUNNING };

struct cluster {
    char data[PLACE_PATH_BYTES_MAX]; /* <data directory>/postgres */
    char log[PLACE_PATH_BYTES_MAX];  /* of the tools that start and stop it */
    char socket_dir[PLACE_PATH_BYTES_MAX];
    /* Found when they are needed, by cluster_start() and cluster_stop(). */
    char bin[PLACE_PATH_BYTES_MAX]; /* of the PostgreSQL that fits the data */
    struct process_user user;
};

/* Where it is. Makes nothing and needs no PostgreSQL. */
enum err cluster_find(const struct home *home, struct cluster *out, struct why *why) ERR_MUST_CHECK;

/* ERR_CONFIG: another data directory's server answers on the socket; why names it. */
enum err cluster_look(const struct cluster *cluster, enum cluster_state *out,
                      struct why *why) ERR_MUST_CHECK;

/* Makes the cluster if there is none (in a temporary directory that is renamed at the end, so an
 * interrupted attempt leaves nothing half made), starts it if it does not run and waits until it
 * answers. ERR_CONFIG: no PostgreSQL, an old one, or one of another version than the data, with
 * the remedy. */
enum err cluster_start(struct cluster *cluster, struct why *why) ERR_MUST_CHECK;
enum err cluster_stop(struct cluster *cluster, struct why *why) ERR_MUST_CHECK;

/* Makes the database tocsin with its schema, if they are not there. */
enum err cluster_migrate(const struct cluster *cluster, struct why *why) ERR_MUST_CHECK;

#endif
