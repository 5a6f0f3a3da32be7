/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 8192

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

struct text {
    char bytes[FILE_BYTES_MAX];
    size_t len;
};

static void add(struct text *text, const char *format, ...) ERR_PRINTF(2, 3);
static void add(struct text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text->bytes + text->len, sizeof text->bytes - text->len, format, args);
    va_end(args);
    text->len += n > 0 ? (size_t)n : 0;
}

static enum err put_file(const struct cluster *cluster, const char *path, int flags,
                         const struct text *text, struct why *why) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    const bool written = fd >= 0 && text->len < sizeof text->bytes &&
                         write(fd, text->bytes, text->len) == (ssize_t)text->len &&
                         give(cluster, fd) == 0;
    const int code = errno;
    if (fd >= 0) {
        close(fd);
    }
    return written ? ERR_OK : why_set(why, ERR_IO, "cannot write %.200s: %s", path, strerror(code));
}

static enum err write_file(const struct cluster *cluster, const char *data, const char *name,
                           const struct text *text, struct why *why) {
    char path[PLACE_PATH_BYTES_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", data, name);
    return put_file(cluster, path, O_TRUNC, text, why);
}

/* PostgreSQL's own settings, and how one line of postgresql.conf finds them. */
static void server_settings(const struct cluster *cluster, struct text *out) {
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
    add(out,
        "# Written by `tocsin up` at every start; change postgresql.conf below its include.\n");
    add(out, "unix_socket_directories = '%s'\n", cluster->socket_dir);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        add(out, "%s\n", settings[i]);
    }
}

/* The server's user and root may enter as any role; as root these are two, else one or two. */
static void login_map(const struct cluster *cluster, struct text *out) {
    static const char *const roles[] = {"postgres", "tocsin_owner", "tocsin_collector",
                                        "tocsin_reader"};
    const char *const users[] = {cluster->user.name, "root"};
    for (size_t u = 0; u < sizeof users / sizeof users[0]; u++) {
        for (size_t r = 0; r < sizeof roles / sizeof roles[0]; r++) {
            add(out, "tocsin \"%s\" %s\n", users[u], roles[r]);
        }
    }
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

static enum err add_include(const struct cluster *cluster, const char *data, struct why *why) {
    struct text line = {.len = 0};
    char path[PLACE_PATH_BYTES_MAX + 32];
    add(&line, "include 'tocsin.conf'\n");
    snprintf(path, sizeof path, "%s/postgresql.conf", data);
    return has_line(path, line.bytes) ? ERR_OK : put_file(cluster, path, O_APPEND, &line, why);
}

enum err cluster_files_write(const struct cluster *cluster, const char *data, struct why *why) {
    struct text settings = {.len = 0};
    struct text access = {.len = 0};
    struct text map = {.len = 0};
    server_settings(cluster, &settings);
    add(&access, "local all all peer map=tocsin\n");
    login_map(cluster, &map);
    enum err err = write_file(cluster, data, "tocsin.conf", &settings, why);
    if (err == ERR_OK) {
        err = write_file(cluster, data, "pg_hba.conf", &access, why);
    }
    if (err == ERR_OK) {
        err = write_file(cluster, data, "pg_ident.conf", &map, why);
    }
    return err == ERR_OK ? add_include(cluster, data, why) : err;
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
