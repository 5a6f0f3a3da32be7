/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/daemon.h"
#include "cli/db.h"
#include "schema/db/dsn.h"
#include "schema/db/migrate.h"

static enum err start_private(const char *data_dir, struct why *why) {
    struct cluster cluster;
    enum err err = cluster_find(data_dir, &cluster, why);
    if (err != ERR_OK) {
        return err;
    }
    switch (cluster_state(&cluster)) {
    case CLUSTER_NONE:
        ctx_note("Making a private PostgreSQL in %s.", cluster.data);
        break;
    case CLUSTER_STOPPED:
        ctx_note("Starting the private PostgreSQL in %s.", cluster.data);
        break;
    case CLUSTER_RUNNING:
        break;
    }
    err = cluster_start(&cluster, why);
    return err == ERR_OK ? cluster_migrate(&cluster, why) : err;
}

/* A server that is not ours is not migrated behind its owner's back. */
static enum err check_given(const char *dsn, struct why *why) {
    struct pg *pg;
    enum err err = pg_open(dsn, "tocsin up", &pg, why);
    if (err == ERR_OK) {
        err = migrate_verify(pg, why);
        pg_close(pg);
    }
    return err;
}

static enum err start_daemon(const char *data_dir, const char *dsn, struct why *why) {
    struct daemon daemon;
    enum err err = daemon_find(data_dir, &daemon, why);
    if (err != ERR_OK || daemon_pid(&daemon) != 0) {
        return err;
    }
    ctx_note("Starting tocsind, its log is %s.", daemon.log);
    return daemon_start(&daemon, dsn, why);
}

static void print_places(const char *dsn) {
    char endpoint[PLACE_SOCKET_BYTES_MAX + 16];
    char shown[DSN_BYTES_MAX];
    struct why why;
    pg_mask_dsn(dsn, sizeof shown, shown);
    if (place_ingest_endpoint(sizeof endpoint, endpoint, &why) == ERR_OK) {
        printf("tocsin is up.\n  trainers log to  %s\n  database         %s\n", endpoint, shown);
    }
}

enum exit_code cmd_up(struct ctx *ctx) {
    const char *data_dir = args_text(ctx->args, "data");
    char collector_dsn[DSN_BYTES_MAX];
    char reader_dsn[DSN_BYTES_MAX];
    bool private;
    struct why why = {""};
    enum err err =
        dsn_resolve(ctx->dsn, "tocsin_reader", sizeof reader_dsn, reader_dsn, &private, &why);
    if (err == ERR_OK) {
        err = dsn_resolve(ctx->dsn, "tocsin_collector", sizeof collector_dsn, collector_dsn,
                          &private, &why);
    }
    if (err == ERR_OK) {
        err = private ? start_private(data_dir, &why) : check_given(collector_dsn, &why);
    }
    if (err == ERR_OK) {
        err = start_daemon(data_dir, collector_dsn, &why);
    }
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    print_places(reader_dsn);
    return EXIT_OK;
}
