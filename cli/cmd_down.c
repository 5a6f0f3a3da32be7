/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/daemon.h"
#include "cli/db.h"

static enum err stop_cluster(const char *data_dir, struct why *why) {
    struct cluster cluster;
    enum err err = cluster_find(data_dir, &cluster, why);
    if (err != ERR_OK || cluster_state(&cluster) != CLUSTER_RUNNING) {
        return err;
    }
    return cluster_stop(&cluster, why);
}

enum exit_code cmd_down(struct ctx *ctx) {
    const char *data_dir = args_text(ctx->args, "data");
    struct daemon daemon;
    struct why why = {""};
    enum err err = daemon_find(data_dir, &daemon, &why);
    if (err == ERR_OK) {
        err = daemon_stop(&daemon, &why);
    }
    if (err == ERR_OK) {
        err = stop_cluster(data_dir, &why);
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    printf("tocsin is down; the data stays where it is.\n");
    return EXIT_OK;
}
