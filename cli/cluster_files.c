/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INCLUDE_LINE "include 'tocsin.conf'\n"

/* The server's user owns what is inside: it may have put a link there, so files are given by
 * descriptor, and a link is never followed. */
static int give(const struct cluster *cluster, int fd) {
    return cluster->user.other ? fchown(fd, cluster->user.uid, cluster->user.gid) : 0;
}

enum err cluster_files_own_dir(const struct cluster *cluster, const char *path, struct why *why) {
    const bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
    const int fd = made ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    const bool given = fd >= 0 && give(cluster, fd) == 0;
    const int code = errno;
    if (fd >= 0) {
        close(fd);
    }
    return given ? ERR_OK
                 : why_set(why, ERR_IO,
                           "cannot make %.200s for the user %s: %s; remove it, or set "
                           "TOCSIN_DATA_DIR and TOCSIN_RUNTIME_DIR to other places",
                           path, cluster->user.name, strerror(code));
}

/* PostgreSQL's own settings, and how one line of postgresql.conf finds them. */
static void put_settings(const struct cluster *cluster, FILE *out) {
    static const char *const settings[] = {
        "listen_addresses = ''",
        "port = 5432", /* only names the socket */
        "shared_buffers = '256MB'",
        "max_wal_size = '2GB'",
        "max_connections = 50",
        "default_toast_compression = lz4",
        "jit = off",
        "logging_collector = on",
        "log_directory = 'log'",
        "log_filename = 'postgresql-%a.log'", /* a week of files, each overwritten */
        "log_rotation_age = '1d'",
        "log_rotation_size = 0",
        "log_truncate_on_rotation = on",
    };
    fprintf(out,
            "# Written by `tocsin up` at every start; change postgresql.conf below its include.\n"
            "unix_socket_directories = '%s'\n",
            cluster->socket_dir);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        fprintf(out, "%s\n", settings[i]);
    }
}

static void put_access(const struct cluster *cluster, FILE *out) {
    (void)cluster;
    fputs("local all all peer map=tocsin\n", out);
}

/* The server's user and root may enter as any role. */
static void put_login_map(const struct cluster *cluster, FILE *out) {
    static const char *const roles[] = {"postgres", "tocsin_owner", "tocsin_collector",
                                        "tocsin_reader"};
    const char *const users[] = {cluster->user.name, "root"};
    for (size_t u = 0; u < sizeof users / sizeof users[0]; u++) {
        for (size_t r = 0; r < sizeof roles / sizeof roles[0]; r++) {
            fprintf(out, "tocsin \"%s\" %s\n", users[u], roles[r]);
        }
    }
}

static void put_include(const struct cluster *cluster, FILE *out) {
    (void)cluster;
    fputs(INCLUDE_LINE, out);
}

static bool has_line(const char *path, const char *wanted) {
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = strcmp(line, wanted) == 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

typedef void put_fn(const struct cluster *cluster, FILE *out);

static FILE *open_file(const struct cluster *cluster, const char *path, int flags) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    FILE *file = fd >= 0 && give(cluster, fd) == 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0 && file == NULL) {
        close(fd);
    }
    return file;
}

static enum err put_file(const struct cluster *cluster, const char *path, int flags, put_fn *put,
                         struct why *why) {
    FILE *file = open_file(cluster, path, flags);
    if (file != NULL) {
        put(cluster, file);
    }
    const bool written = file != NULL && ferror(file) == 0;
    return file != NULL && fclose(file) == 0 && written
               ? ERR_OK
               : why_set(why, ERR_IO, "cannot write %.200s: %s", path, strerror(errno));
}

enum err cluster_files_write(const struct cluster *cluster, const char *data, struct why *why) {
    static const struct {
        const char *name;
        put_fn *put;
    } files[] = {{"tocsin.conf", put_settings},
                 {"pg_hba.conf", put_access},
                 {"pg_ident.conf", put_login_map}};
    char path[PLACE_PATH_BYTES_MAX + 32];
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && err == ERR_OK; i++) {
        snprintf(path, sizeof path, "%s/%s", data, files[i].name);
        err = put_file(cluster, path, O_TRUNC, files[i].put, why);
    }
    snprintf(path, sizeof path, "%s/postgresql.conf", data);
    return err != ERR_OK || has_line(path, INCLUDE_LINE)
               ? err
               : put_file(cluster, path, O_APPEND, put_include, why);
}

bool cluster_files_newest_log(const struct cluster *cluster, size_t size, char *out_path) {
    char pattern[PLACE_PATH_BYTES_MAX + 32];
    glob_t found;
    struct timespec newest = {0, 0};
    bool any = false;
    snprintf(pattern, sizeof pattern, "%s/log/*.log", cluster->data);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct stat st;
        if (stat(found.gl_pathv[i], &st) == 0 && st.st_mtim.tv_sec >= newest.tv_sec) {
            newest = st.st_mtim;
            any = (size_t)snprintf(out_path, size, "%s", found.gl_pathv[i]) < size;
        }
    }
    globfree(&found);
    return any;
}
