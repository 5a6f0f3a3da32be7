/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cluster_files.h"
#include "cli/cluster_programs.h"
#include "schema/db/dsn.h"
#include "schema/db/migrate.h"
#include "schema/wire/clock.h"

#define START_TRIES_NS  (10 * CLOCK_NS_PER_S)
#define READY_NS        (60 * CLOCK_NS_PER_S)
#define PAUSE_MS        100
#define SOCKET_NAME     ".s.PGSQL.5432"
#define PATH_PART(path) (int)(sizeof(path) - 64), (path)

static enum err make_path(char *out, const char *dir, const char *name, struct why *why) {
    const int n = snprintf(out, PLACE_PATH_BYTES_MAX, "%s/%s", dir, name);
    return n > 0 && n < PLACE_PATH_BYTES_MAX
               ? ERR_OK
               : why_set(why, ERR_TOO_LONG, "the path %.100s... is too long", dir);
}

enum err cluster_find(const struct home *home, struct cluster *out, struct why *why) {
    struct cluster cluster = {.user = {.other = false}};
    enum err err = make_path(cluster.data, home->data, "postgres", why);
    if (err == ERR_OK) {
        err = make_path(cluster.log, home->data, "postgres-tools.log", why);
    }
    if (err == ERR_OK) {
        err = dsn_socket_dir(sizeof cluster.socket_dir, cluster.socket_dir, why);
    }
    if (err == ERR_OK) {
        *out = cluster;
    }
    return err;
}

static bool somebody_listens(const struct cluster *cluster) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const int n = snprintf(to.sun_path, sizeof to.sun_path, "%.*s/" SOCKET_NAME,
                           (int)sizeof to.sun_path, cluster->socket_dir);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool listens = fd >= 0 && n > 0 && (size_t)n < sizeof to.sun_path &&
                         connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return listens;
}

/* PostgreSQL writes a file beside its socket: its pid, then its data directory, ... */
static void read_owner(const struct cluster *cluster, size_t size, char *out_data) {
    char path[PLACE_PATH_BYTES_MAX + 32];
    char pid[32];
    snprintf(path, sizeof path, "%s/" SOCKET_NAME ".lock", cluster->socket_dir);
    FILE *file = fopen(path, "re");
    out_data[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fgets(pid, sizeof pid, file) == NULL || fgets(out_data, (int)size, file) == NULL) {
        out_data[0] = '\0';
    }
    fclose(file);
    out_data[strcspn(out_data, "\n")] = '\0';
}

static bool is_same_directory(const char *a, const char *b) {
    struct stat a_st;
    struct stat b_st;
    return stat(a, &a_st) == 0 && stat(b, &b_st) == 0 && a_st.st_dev == b_st.st_dev &&
           a_st.st_ino == b_st.st_ino;
}

/* Asked at the socket, which is closed with the process: after a kill -9 the pid in the data
 * directory can look alive. */
enum err cluster_look(const struct cluster *cluster, enum cluster_state *out, struct why *why) {
    char owner[PLACE_PATH_BYTES_MAX];
    if (!somebody_listens(cluster)) {
        *out = cluster_version(cluster) > 0 ? CLUSTER_STOPPED : CLUSTER_NONE;
        return ERR_OK;
    }
    read_owner(cluster, sizeof owner, owner);
    if (!is_same_directory(owner, cluster->data)) {
        return why_set(why, ERR_CONFIG,
                       "the socket in %.100s belongs to the PostgreSQL whose data is in %.150s: "
                       "name its place with --data, or set TOCSIN_RUNTIME_DIR to another place",
                       cluster->socket_dir, owner);
    }
    *out = CLUSTER_RUNNING;
    return ERR_OK;
}

/* Runs a tool of PostgreSQL to its end. */
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
    process_complaint(cluster->log, sizeof line, line);
    return why_set(why, ERR_IO, "%s failed: %s (see %.150s)", what, line, cluster->log);
}

static enum err open_as_postgres(const struct cluster *cluster, const char *database,
                                 struct pg **out, struct why *why) {
    char dsn[DSN_BYTES_MAX];
    snprintf(dsn, sizeof dsn, "host='%s' port=5432 dbname=%s user=postgres", cluster->socket_dir,
             database);
    return pg_open(dsn, "tocsin up", out, why);
}

static enum err run_initdb(const struct cluster *cluster, char *dir, struct why *why) {
    char *const arguments[] = {"-D",   dir,  "-U",   "postgres",         "-A",
                               "peer", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
                               NULL};
    int status;
    enum err err = cluster_files_own_dir(cluster, dir, why);
    if (err == ERR_OK) {
        err = run_tool(cluster, "initdb", arguments, &status, why);
    }
    if (err == ERR_OK && status != 0) {
        err = tool_failed(cluster, "initdb", why);
    }
    return err == ERR_OK ? cluster_files_write(cluster, dir, why) : err;
}

static enum err init(const struct cluster *cluster, struct why *why) {
    char fresh[PLACE_PATH_BYTES_MAX];
    snprintf(fresh, sizeof fresh, "%.*s.new-%ld", PATH_PART(cluster->data), (long)getpid());
    if (rmdir(cluster->data) != 0 && errno != ENOENT) {
        return why_set(why, ERR_CONFIG,
                       "%.200s is there and is no data directory of PostgreSQL: move it away, or "
                       "choose another place with --data",
                       cluster->data);
    }
    enum err err = run_initdb(cluster, fresh, why);
    if (err == ERR_OK && rename(fresh, cluster->data) != 0) {
        err = why_set(why, ERR_IO, "cannot rename %.200s: %s", fresh, strerror(errno));
    }
    if (err != ERR_OK) {
        rmdir(fresh); /* initdb empties it when it fails */
    }
    return err;
}

/* What the server said last: to pg_ctl, or already to its own log. */
static enum err start_failed(const struct cluster *cluster, const char *log, struct why *why) {
    char line[256];
    char own_log[PLACE_PATH_BYTES_MAX + 64];
    if (process_complaint(log, sizeof line, line) ||
        !cluster_files_newest_log(cluster, sizeof own_log, own_log)) {
        return why_set(why, ERR_IO, "PostgreSQL does not start: %s (see %.150s)", line, log);
    }
    process_complaint(own_log, sizeof line, line);
    return why_set(why, ERR_IO, "PostgreSQL does not start: %s (see %.150s)", line, own_log);
}

/* A start that failed leaves no postmaster.pid behind; one that a killed server left holds while
 * that server's children still end. */
static bool is_still_locked(const struct cluster *cluster) {
    char path[PLACE_PATH_BYTES_MAX + 32];
    snprintf(path, sizeof path, "%s/postmaster.pid", cluster->data);
    return access(path, F_OK) == 0;
}

static enum err start_server(const struct cluster *cluster, struct why *why) {
    char data[PLACE_PATH_BYTES_MAX];
    char log[PLACE_PATH_BYTES_MAX + 16];
    char *const arguments[] = {"start", "-w", "-t", "60", "-D", data, "-l", log, NULL};
    const int64_t give_up_ns = clock_mono_ns() + START_TRIES_NS;
    snprintf(data, sizeof data, "%s", cluster->data);
    snprintf(log, sizeof log, "%s/start.log", cluster->data);
    for (;;) {
        int status;
        unlink(log); /* pg_ctl appends, and an old complaint is not the next one's */
        enum err err = run_tool(cluster, "pg_ctl", arguments, &status, why);
        if (err != ERR_OK || status == 0) {
            return err;
        }
        if (!is_still_locked(cluster) || clock_mono_ns() > give_up_ns) {
            return start_failed(cluster, log, why);
        }
        poll(NULL, 0, PAUSE_MS);
    }
}

/* A server that was running already may still be recovering. */
static enum err wait_ready(const struct cluster *cluster, struct why *why) {
    const int64_t give_up_ns = clock_mono_ns() + READY_NS;
    for (;;) {
        struct pg *pg;
        enum err err = open_as_postgres(cluster, "postgres", &pg, why);
        if (err == ERR_OK) {
            pg_close(pg);
        }
        if (err != ERR_DB_UNREACHABLE || clock_mono_ns() > give_up_ns) {
            return err;
        }
        poll(NULL, 0, PAUSE_MS);
    }
}

enum err cluster_start(struct cluster *cluster, struct why *why) {
    enum cluster_state state = CLUSTER_NONE;
    enum err err = cluster_look(cluster, &state, why);
    if (err == ERR_OK && state != CLUSTER_RUNNING) {
        err = cluster_programs_find(cluster, why);
        if (err == ERR_OK) {
            err = cluster_files_own_dir(cluster, cluster->socket_dir, why);
        }
        if (err == ERR_OK) {
            err = state == CLUSTER_NONE ? init(cluster, why)
                                        : cluster_files_write(cluster, cluster->data,
                                                              why); /* places may have moved */
        }
        if (err == ERR_OK) {
            err = start_server(cluster, why);
        }
    }
    return err == ERR_OK ? wait_ready(cluster, why) : err;
}

enum err cluster_stop(struct cluster *cluster, struct why *why) {
    char data[PLACE_PATH_BYTES_MAX];
    char *const arguments[] = {"stop", "-w", "-t", "60", "-m", "fast", "-D", data, NULL};
    int status = 0;
    snprintf(data, sizeof data, "%s", cluster->data);
    enum err err = cluster_programs_find(cluster, why);
    if (err == ERR_OK) {
        err = run_tool(cluster, "pg_ctl", arguments, &status, why);
    }
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
