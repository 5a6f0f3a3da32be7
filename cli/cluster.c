/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cluster_files.h"
#include "schema/db/dsn.h"
#include "schema/db/migrate.h"
#include "schema/wire/clock.h"

#define VERSION_MIN     15
#define START_TRIES_NS  (10 * CLOCK_NS_PER_S)
#define START_PAUSE_MS  250
#define PATH_PART(path) (int)(sizeof(path) - 64), (path)

static enum err make_path(char *out, const char *dir, const char *name, struct why *why) {
    const int n = snprintf(out, PLACE_PATH_BYTES_MAX, "%s/%s", dir, name);
    return n > 0 && n < PLACE_PATH_BYTES_MAX
               ? ERR_OK
               : why_set(why, ERR_TOO_LONG, "the path %.100s... is too long", dir);
}

/* Version of the data, 0 if there is none. */
static int data_version(const struct cluster *cluster) {
    char path[PLACE_PATH_BYTES_MAX + 16];
    char text[16] = "";
    snprintf(path, sizeof path, "%s/PG_VERSION", cluster->data);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(text, sizeof text, file) == NULL) {
            text[0] = '\0';
        }
        fclose(file);
    }
    return (int)strtol(text, NULL, 10);
}

/* Debian keeps each major version's programs in a folder of its own, and not in PATH. */
static int newest_version(void) {
    glob_t found;
    int newest = 0;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const int version =
                (int)strtol(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"), NULL, 10);
            newest = version > newest ? version : newest;
        }
        globfree(&found);
    }
    return newest;
}

static enum err find_programs(struct cluster *cluster, struct why *why) {
    const int wanted = data_version(cluster);
    const int version = wanted > 0 ? wanted : newest_version();
    char initdb[PLACE_PATH_BYTES_MAX + 16];
    if (version < VERSION_MIN) {
        return why_set(why, ERR_CONFIG,
                       "no PostgreSQL %d or newer on this machine: install the package postgresql, "
                       "or use an existing server with --dsn",
                       VERSION_MIN);
    }
    snprintf(cluster->bin, sizeof cluster->bin, "/usr/lib/postgresql/%d/bin", version);
    snprintf(initdb, sizeof initdb, "%s/initdb", cluster->bin);
    if (access(initdb, X_OK) != 0) {
        return why_set(why, ERR_CONFIG,
                       "%.200s was made by PostgreSQL %d, which is not installed: install "
                       "postgresql-%d, or choose another place with --data",
                       cluster->data, version, version);
    }
    return ERR_OK;
}

static enum err find_user(struct cluster *cluster, struct why *why) {
    if (geteuid() != 0) {
        return ERR_OK;
    }
    const struct passwd *entry = getpwnam("postgres");
    if (entry == NULL) {
        return why_set(
            why, ERR_CONFIG,
            "PostgreSQL does not run as root, and there is no user postgres: install the "
            "package postgresql, which makes one, or run as an ordinary user");
    }
    cluster->user =
        (struct process_user){.other = true, .uid = entry->pw_uid, .gid = entry->pw_gid};
    snprintf(cluster->user.name, sizeof cluster->user.name, "%s", entry->pw_name);
    return ERR_OK;
}

enum err cluster_find(const char *data_dir, struct cluster *out, struct why *why) {
    struct cluster cluster = {.user = {.other = false}};
    char dir[PLACE_PATH_BYTES_MAX];
    enum err err = ERR_OK;
    if (data_dir != NULL) {
        if (data_dir[0] != '/') {
            return why_set(why, ERR_CONFIG, "--data must be an absolute path");
        }
        snprintf(dir, sizeof dir, "%s", data_dir);
    } else {
        err = place_data_dir(sizeof dir, dir, why);
    }
    if (err == ERR_OK) {
        err = make_path(cluster.data, dir, "postgres", why);
    }
    if (err == ERR_OK) {
        err = make_path(cluster.log, dir, "postgres-tools.log", why);
    }
    if (err == ERR_OK) {
        err = place_runtime_dir(sizeof cluster.runtime, cluster.runtime, why);
    }
    if (err == ERR_OK) {
        err = dsn_socket_dir(sizeof cluster.socket_dir, cluster.socket_dir, why);
    }
    if (err == ERR_OK) {
        err = find_user(&cluster, why);
    }
    if (err == ERR_OK) {
        err = find_programs(&cluster, why);
    }
    if (err == ERR_OK) {
        *out = cluster;
    }
    return err;
}

/* Runs a tool of PostgreSQL to its end; a status other than 0 is an error that names its words. */
static enum err run_tool(const struct cluster *cluster, const char *tool, char *const arguments[],
                         int *out_status, struct why *why) {
    char path[PLACE_PATH_BYTES_MAX + 16];
    char *argv[16] = {path};
    snprintf(path, sizeof path, "%s/%s", cluster->bin, tool);
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[i + 1] = arguments[i];
    }
    return process_run(&cluster->user, argv, cluster->log, out_status, why);
}

static enum err tool_failed(const struct cluster *cluster, const char *what, struct why *why) {
    char line[256];
    process_last_line(cluster->log, sizeof line, line);
    return why_set(why, ERR_IO, "%s failed: %s (see %.150s)", what, line, cluster->log);
}

static enum err open_as_postgres(const struct cluster *cluster, const char *database,
                                 struct pg **out, struct why *why) {
    char dsn[DSN_BYTES_MAX];
    snprintf(dsn, sizeof dsn, "host='%s' port=5432 dbname=%s user=postgres", cluster->socket_dir,
             database);
    return pg_open(dsn, "tocsin up", out, why);
}

/* Asked by connecting: after a kill -9 the pid of the dead server can look alive for a while. */
enum cluster_state cluster_state(const struct cluster *cluster) {
    struct pg *pg;
    if (data_version(cluster) == 0) {
        return CLUSTER_NONE;
    }
    if (open_as_postgres(cluster, "postgres", &pg, NULL) != ERR_OK) {
        return CLUSTER_STOPPED;
    }
    pg_close(pg);
    return CLUSTER_RUNNING;
}

static enum err init(const struct cluster *cluster, struct why *why) {
    char fresh[PLACE_PATH_BYTES_MAX];
    char *const arguments[] = {"-D",   fresh, "-U",   "postgres",         "-A",
                               "peer", "-E",  "UTF8", "--locale=C.UTF-8", "--data-checksums",
                               NULL};
    int status;
    snprintf(fresh, sizeof fresh, "%.*s.new-%ld", PATH_PART(cluster->data), (long)getpid());
    enum err err = cluster_files_own_dir(cluster, fresh, why);
    if (err == ERR_OK) {
        err = run_tool(cluster, "initdb", arguments, &status, why);
    }
    if (err == ERR_OK && status != 0) {
        err = tool_failed(cluster, "initdb", why);
    }
    if (err == ERR_OK) {
        err = cluster_files_write(cluster, fresh, why);
    }
    if (err == ERR_OK && rename(fresh, cluster->data) != 0) {
        err = why_set(why, ERR_IO, "cannot rename %.200s: %s", fresh, strerror(errno));
    }
    return err;
}

/* After a kill -9 of the server its old children hold the lock for a moment; so it is tried for
 * some seconds before it counts as failed. */
static enum err start_server(const struct cluster *cluster, struct why *why) {
    char data[PLACE_PATH_BYTES_MAX];
    char log[PLACE_PATH_BYTES_MAX + 16];
    char *const arguments[] = {"start", "-w", "-t", "60", "-D", data, "-l", log, NULL};
    const int64_t give_up_ns = clock_mono_ns() + START_TRIES_NS;
    snprintf(data, sizeof data, "%s", cluster->data);
    snprintf(log, sizeof log, "%s/start.log", cluster->data);
    for (;;) {
        int status;
        enum err err = run_tool(cluster, "pg_ctl", arguments, &status, why);
        if (err != ERR_OK || status == 0) {
            return err;
        }
        if (cluster_state(cluster) == CLUSTER_RUNNING) {
            return ERR_OK; /* it was still recovering */
        }
        if (clock_mono_ns() > give_up_ns) {
            char line[256];
            process_last_line(log, sizeof line, line);
            return why_set(why, ERR_IO, "PostgreSQL does not start: %s (see %.150s)", line, log);
        }
        poll(NULL, 0, START_PAUSE_MS);
    }
}

enum err cluster_start(const struct cluster *cluster, struct why *why) {
    enum err err = cluster_files_dirs(cluster, why);
    if (err != ERR_OK) {
        return err;
    }
    switch (cluster_state(cluster)) {
    case CLUSTER_RUNNING:
        return ERR_OK;
    case CLUSTER_NONE:
        err = init(cluster, why);
        break;
    case CLUSTER_STOPPED:
        err = cluster_files_write(cluster, cluster->data, why); /* places may have moved */
        break;
    }
    return err == ERR_OK ? start_server(cluster, why) : err;
}

enum err cluster_stop(const struct cluster *cluster, struct why *why) {
    char data[PLACE_PATH_BYTES_MAX];
    char *const arguments[] = {"stop", "-w", "-t", "60", "-m", "fast", "-D", data, NULL};
    int status;
    snprintf(data, sizeof data, "%s", cluster->data);
    enum err err = run_tool(cluster, "pg_ctl", arguments, &status, why);
    return err == ERR_OK && status != 0 ? tool_failed(cluster, "pg_ctl stop", why) : err;
}

static enum err create_database(const struct cluster *cluster, struct why *why) {
    struct pg *pg;
    enum err err = open_as_postgres(cluster, "postgres", &pg, why);
    if (err != ERR_OK) {
        return err;
    }
    err = pg_run(pg, "create database tocsin", why);
    if (err != ERR_OK && strcmp(pg_sqlstate(pg), "42P04") == 0) {
        err = ERR_OK; /* it is there */
    }
    pg_close(pg);
    return err;
}

enum err cluster_migrate(const struct cluster *cluster, struct why *why) {
    struct pg *pg;
    struct migrate_report report;
    enum err err = create_database(cluster, why);
    if (err == ERR_OK) {
        err = open_as_postgres(cluster, "tocsin", &pg, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = migrate_apply(pg, &report, why);
    pg_close(pg);
    return err;
}
