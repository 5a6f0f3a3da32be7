/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/daemon.h"
#include "cli/db.h"
#include "schema/db/dsn.h"
#include "schema/db/migrate.h"

struct up {
    struct home home;
    struct daemon daemon;
    bool private;
    char collector_dsn[DSN_BYTES_MAX];
    char reader_dsn[DSN_BYTES_MAX];
    bool started_something;
};

static enum err find(struct ctx *ctx, struct up *up, struct why *why) {
    enum err err = dsn_resolve(ctx->dsn, "tocsin_reader", sizeof up->reader_dsn, up->reader_dsn,
                               &up->private, why);
    if (err == ERR_OK) {
        err = dsn_resolve(ctx->dsn, "tocsin_collector", sizeof up->collector_dsn, up->collector_dsn,
                          &up->private, why);
    }
    if (err == ERR_OK) {
        err = home_find(args_text(ctx->args, "data"), &up->home, why);
    }
    return err == ERR_OK ? daemon_find(&up->home, &up->daemon, why) : err;
}

static enum err start_private(struct up *up, struct why *why) {
    struct cluster cluster;
    enum cluster_state state;
    enum err err = cluster_find(&up->home, &cluster, why);
    if (err == ERR_OK) {
        err = cluster_look(&cluster, &state, why);
    }
    if (err == ERR_OK && state != CLUSTER_RUNNING) {
        ctx_note("%s the private PostgreSQL in %s.", state == CLUSTER_NONE ? "Making" : "Starting",
                 cluster.data);
        up->started_something = true;
    }
    if (err == ERR_OK) {
        err = cluster_start(&cluster, why);
    }
    return err == ERR_OK ? cluster_migrate(&cluster, why) : err;
}

/* A server that is not ours is not migrated behind its owner's back. */
static enum err check_given(const struct up *up, struct why *why) {
    struct pg *pg;
    enum err err = pg_open(up->collector_dsn, "tocsin up", &pg, why);
    if (err == ERR_OK) {
        err = migrate_verify(pg, why);
        pg_close(pg);
    }
    return err;
}

static enum err start_daemon(struct up *up, struct why *why) {
    char stores_in[DSN_BYTES_MAX];
    char wanted[DSN_BYTES_MAX];
    if (daemon_look(&up->daemon, stores_in) == 0) {
        ctx_note("Starting tocsind, its log is %s.", up->daemon.log);
        up->started_something = true;
        return daemon_start(&up->daemon, up->collector_dsn, why);
    }
    dsn_mask(up->collector_dsn, sizeof wanted, wanted);
    return strcmp(stores_in, wanted) == 0
               ? ERR_OK
               : why_set(why, ERR_CONFIG,
                         "tocsind runs already and stores in another database, %.300s: run: tocsin "
                         "down",
                         stores_in);
}

static enum err start(struct up *up, struct why *why) {
    int lock;
    enum err err = home_make(&up->home, why);
    if (err == ERR_OK) {
        err = home_lock(&up->home, &lock, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = up->private ? start_private(up, why) : check_given(up, why);
    if (err == ERR_OK) {
        err = start_daemon(up, why);
    }
    close(lock);
    return err;
}

static void print_places(const struct ctx *ctx, const struct up *up) {
    struct daemon_ready ready;
    char shown[DSN_BYTES_MAX];
    daemon_ready(&up->daemon, &ready);
    dsn_mask(up->reader_dsn, sizeof shown, shown);
    fprintf(ctx->out, "tocsin is %s.\n  trainers log to  %s\n  database         %s\n",
            up->started_something ? "up" : "up already", ready.listen, shown);
}

enum exit_code cmd_up(struct ctx *ctx) {
    struct up up = {.started_something = false};
    struct why why = {""};
    enum err err = find(ctx, &up, &why);
    if (err == ERR_OK) {
        err = start(&up, &why);
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    print_places(ctx, &up);
    return EXIT_OK;
}
