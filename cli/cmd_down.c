/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/daemon.h"
#include "cli/db.h"

/* tocsind first: what it still holds goes into the database. */
static enum err stop(const struct home *home, bool *out_stopped_something, struct why *why) {
    struct daemon daemon;
    struct cluster cluster;
    enum cluster_state state = CLUSTER_NONE;
    enum err err = daemon_find(home, &daemon, why);
    if (err == ERR_OK) {
        err = cluster_find(home, &cluster, why);
    }
    if (err == ERR_OK) {
        err = cluster_look(&cluster, &state, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    const bool daemon_runs = daemon_look(&daemon, NULL) != 0;
    err = daemon_stop(&daemon, why);
    if (err == ERR_OK && state == CLUSTER_RUNNING) {
        err = cluster_stop(&cluster, why);
    }
    *out_stopped_something = daemon_runs || state == CLUSTER_RUNNING;
    return err;
}

enum exit_code cmd_down(struct ctx *ctx) {
    struct home home;
    struct why why = {""};
    bool stopped_something = false;
    enum err err = home_find(args_text(ctx->args, "data"), &home, &why);
    if (err == ERR_OK && access(home.runtime, F_OK) == 0) {
        int lock;
        err = home_lock(&home, &lock, &why);
        if (err == ERR_OK) {
            err = stop(&home, &stopped_something, &why);
            close(lock);
        }
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    fprintf(ctx->out, "%s\n",
            stopped_something ? "tocsin is down; the data stays where it is."
                              : "tocsin is down already: nothing runs.");
    return EXIT_OK;
}
