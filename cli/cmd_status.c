/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/daemon.h"
#include "cli/db.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "cli/text.h"
#include "cli_sql.h"
#include "schema/db/dsn.h"

#define STORAGE_MAX   "100" /* projects, the largest */
#define STORAGE_LINES 10    /* of these as text */

enum { STORAGE_PROJECT, STORAGE_POINTS, STORAGE_BYTES };

struct status {
    bool private;
    char dsn[DSN_BYTES_MAX]; /* masked */
    struct home home;
    struct cluster cluster;
    struct daemon daemon;
    pid_t daemon_pid;              /* 0: not running */
    char stores_in[DSN_BYTES_MAX]; /* masked; "": not running, like the next one */
    struct daemon_ready ready;
    bool database; /* answered */
    struct why database_why;
    int64_t schema, projects, runs, uncompacted;
    struct pg_rows *storage; /* list_storage.sql; NULL: the database does not answer */
};

static void ask_database(struct ctx *ctx, const char *dsn, struct status *out) {
    const struct pg_param storage_max = {.ptr = STORAGE_MAX};
    struct pg_rows *rows = NULL;
    enum err err = pg_open(dsn, "tocsin status", &ctx->pg, &out->database_why);
    if (err == ERR_OK) {
        err = pg_query(ctx->pg, sql_count_overview, 0, NULL, &rows, &out->database_why);
    }
    if (err == ERR_OK) {
        err =
            pg_query(ctx->pg, sql_list_storage, 1, &storage_max, &out->storage, &out->database_why);
    }
    if (err != ERR_OK) {
        pg_rows_free(rows);
        return;
    }
    out->database = true;
    out->schema = pg_int(rows, 0, 0);
    out->projects = pg_int(rows, 0, 1);
    out->runs = pg_int(rows, 0, 2);
    out->uncompacted = pg_int(rows, 0, 3);
    pg_rows_free(rows);
}

static void ask_daemon(struct status *out) {
    out->daemon_pid = daemon_look(&out->daemon, out->stores_in);
    if (out->daemon_pid != 0) {
        daemon_ready(&out->daemon, &out->ready);
    }
}

static enum err gather(struct ctx *ctx, struct status *out, struct why *why) {
    char dsn[DSN_BYTES_MAX];
    enum err err = dsn_resolve(ctx->dsn, "tocsin_reader", sizeof dsn, dsn, &out->private, why);
    if (err == ERR_OK) {
        err = home_find(args_text(ctx->args, "data"), &out->home, why);
    }
    if (err == ERR_OK) {
        err = cluster_find(&out->home, &out->cluster, why);
    }
    if (err == ERR_OK) {
        err = daemon_find(&out->home, &out->daemon, why);
    }
    if (err == ERR_OK) {
        dsn_mask(dsn, sizeof out->dsn, out->dsn);
        ask_daemon(out);
        ask_database(ctx, dsn, out);
    }
    return err;
}

static void print_json(const struct ctx *ctx, const struct status *s) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "running");
    json_bool(&json, s->database && s->daemon_pid != 0);
    json_key(&json, "database");
    json_open(&json, '{');
    json_key(&json, "dsn");
    json_text(&json, s->dsn);
    json_key(&json, "private");
    json_bool(&json, s->private);
    json_key(&json, "data");
    json_text(&json, s->private ? s->cluster.data : NULL);
    json_key(&json, "answers");
    json_bool(&json, s->database);
    json_key(&json, "error");
    json_text(&json, s->database ? NULL : s->database_why.text);
    json_key(&json, "schema_version");
    json_int(&json, s->schema);
    json_close(&json);
    json_key(&json, "tocsind");
    json_open(&json, '{');
    json_key(&json, "pid");
    json_int(&json, s->daemon_pid);
    json_key(&json, "endpoint");
    json_text(&json, s->daemon_pid != 0 ? s->ready.listen : s->home.endpoint);
    json_key(&json, "health");
    json_text(&json, s->ready.health[0] != '\0' ? s->ready.health : NULL);
    json_key(&json, "stores_in");
    json_text(&json, s->daemon_pid != 0 ? s->stores_in : NULL);
    json_key(&json, "log");
    json_text(&json, s->daemon.log);
    json_close(&json);
    json_key(&json, "projects");
    json_int(&json, s->projects);
    json_key(&json, "runs");
    json_int(&json, s->runs);
    json_key(&json, "storage");
    json_open(&json, '[');
    for (int row = 0; s->storage != NULL && row < pg_rows_n(s->storage); row++) {
        json_open(&json, '{');
        rows_json_members(&json, s->storage, row, STORAGE_PROJECT, pg_columns_n(s->storage));
        json_close(&json);
    }
    json_close(&json);
    json_key(&json, "uncompacted_points");
    json_int(&json, s->uncompacted);
    ctx_json_close(&json);
}

static void print_storage(const struct ctx *ctx, const struct pg_rows *storage) {
    const int n = pg_rows_n(storage);
    for (int row = 0; row < n && row < STORAGE_LINES; row++) {
        char *project = text_clean(pg_text(storage, row, STORAGE_PROJECT));
        fprintf(ctx->out, "%s  about %.1f MB in project %s, %s values\n",
                row == 0 ? "storage " : "        ",
                (double)pg_int(storage, row, STORAGE_BYTES) / 1e6, project,
                pg_text(storage, row, STORAGE_POINTS));
        free(project);
    }
    if (n > STORAGE_LINES) {
        fprintf(ctx->out, "          and more: --json\n");
    }
}

static void print_text(const struct ctx *ctx, const struct status *s) {
    fprintf(ctx->out, "database  %s\n          %s\n", s->database ? "answers" : "does not answer",
            s->database ? s->dsn : s->database_why.text);
    if (s->private) {
        fprintf(ctx->out, "          data in %s\n", s->cluster.data);
    }
    if (s->daemon_pid != 0) {
        fprintf(ctx->out, "tocsind   runs, pid %ld\n          trainers log to %s\n",
                (long)s->daemon_pid, s->ready.listen);
        fprintf(ctx->out, "          metrics at http://%s/metrics\n", s->ready.health);
        fprintf(ctx->out, "          stores in %s\n", s->stores_in);
    } else {
        fprintf(ctx->out, "tocsind   does not run\n");
    }
    if (s->database) {
        fprintf(ctx->out, "content   %lld project%s, %lld run%s, schema version %lld\n",
                (long long)s->projects, s->projects == 1 ? "" : "s", (long long)s->runs,
                s->runs == 1 ? "" : "s", (long long)s->schema);
        print_storage(ctx, s->storage);
        fprintf(ctx->out, "          %lld values wait for compaction\n", (long long)s->uncompacted);
    }
    if (!s->database || s->daemon_pid == 0) {
        fprintf(ctx->out, "to start  tocsin up\n");
    }
}

enum exit_code cmd_status(struct ctx *ctx) {
    struct status status = {.daemon_pid = 0};
    struct why why = {""};
    const enum err err = gather(ctx, &status, &why);
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    (ctx->json ? print_json : print_text)(ctx, &status);
    pg_rows_free(status.storage);
    return status.database && status.daemon_pid != 0 ? EXIT_OK : EXIT_UNREACHABLE;
}
