/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 8192

enum err cluster_files_make_dirs(const char *path, mode_t mode, struct why *why) {
    char part[PLACE_PATH_BYTES_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, mode); /* what cannot be made shows in the last one */
        *slash = '/';
    }
    if (mkdir(part, mode) != 0 && errno != EEXIST) {
        return why_set(why, ERR_IO,
                       "cannot make %.200s: %s; set TOCSIN_DATA_DIR and TOCSIN_RUNTIME_DIR to "
                       "writable places",
                       part, strerror(errno));
    }
    return ERR_OK;
}

static enum err give(const struct cluster *cluster, const char *path, struct why *why) {
    if (cluster->user.other && chown(path, cluster->user.uid, cluster->user.gid) != 0) {
        return why_set(why, ERR_IO, "cannot give %.200s to %s: %s", path, cluster->user.name,
                       strerror(errno));
    }
    return ERR_OK;
}

enum err cluster_files_own_dir(const struct cluster *cluster, const char *path, struct why *why) {
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return why_set(why, ERR_IO, "cannot make %.200s: %s", path, strerror(errno));
    }
    return give(cluster, path, why);
}

/* A directory of root that the server's user must pass: it may enter, not list. */
static enum err open_for_server(const struct cluster *cluster, const char *path, struct why *why) {
    struct stat st;
    if (stat(path, &st) != 0 || st.st_uid != geteuid()) {
        return why_set(why, ERR_IO, "%.200s belongs to somebody else: choose another place", path);
    }
    const mode_t mode = cluster->user.other ? 0711 : 0700;
    if (chmod(path, (st.st_mode & 07777) | mode) != 0) {
        return why_set(why, ERR_IO, "cannot change %.200s: %s", path, strerror(errno));
    }
    return ERR_OK;
}

enum err cluster_files_dirs(const struct cluster *cluster, struct why *why) {
    char data_parent[PLACE_PATH_BYTES_MAX];
    const mode_t mode = cluster->user.other ? 0711 : 0700;
    snprintf(data_parent, sizeof data_parent, "%s", cluster->data);
    *strrchr(data_parent, '/') = '\0';
    enum err err = cluster_files_make_dirs(data_parent, mode, why);
    if (err == ERR_OK) {
        err = open_for_server(cluster, data_parent, why);
    }
    if (err == ERR_OK) {
        err = cluster_files_make_dirs(cluster->runtime, mode, why);
    }
    if (err == ERR_OK) {
        err = open_for_server(cluster, cluster->runtime, why);
    }
    if (err == ERR_OK) {
        err = cluster_files_own_dir(cluster, cluster->socket_dir, why);
    }
    /* Root's clients connect as root; the socket itself is guarded by peer and pg_ident.conf. */
    return err;
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

static enum err write_file(const struct cluster *cluster, const char *data, const char *name,
                           const struct text *text, struct why *why) {
    char path[PLACE_PATH_BYTES_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", data, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool fits = text->len < sizeof text->bytes;
    const bool written = fd >= 0 && fits && write(fd, text->bytes, text->len) == (ssize_t)text->len;
    if (fd >= 0) {
        close(fd);
    }
    if (!written) {
        return why_set(why, ERR_IO, "cannot write %.200s: %s", path,
                       fits ? strerror(errno) : "too long");
    }
    return give(cluster, path, why);
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

static void login_map(const struct cluster *cluster, struct text *out) {
    static const char *const roles[] = {"postgres", "tocsin_owner", "tocsin_collector",
                                        "tocsin_reader"};
    char owner[64] = "";
    const struct passwd *entry = getpwuid(geteuid());
    if (entry != NULL) {
        snprintf(owner, sizeof owner, "%s", entry->pw_name);
    }
    const char *users[] = {owner, "root", cluster->user.other ? cluster->user.name : owner};
    for (size_t u = 0; u < sizeof users / sizeof users[0]; u++) {
        for (size_t r = 0; users[u][0] != '\0' && r < sizeof roles / sizeof roles[0]; r++) {
            add(out, "tocsin \"%s\" %s\n", users[u], roles[r]);
        }
    }
}

static enum err add_include(const char *data, struct why *why) {
    static const char line[] = "include 'tocsin.conf'\n";
    char path[PLACE_PATH_BYTES_MAX + 32];
    char read_line[256];
    bool there = false;
    snprintf(path, sizeof path, "%s/postgresql.conf", data);
    FILE *file = fopen(path, "r+e");
    while (file != NULL && fgets(read_line, sizeof read_line, file) != NULL) {
        there = there || strcmp(read_line, line) == 0;
    }
    const bool written = file != NULL && (there || fputs(line, file) >= 0);
    if (file == NULL || fclose(file) != 0 || !written) {
        return why_set(why, ERR_IO, "cannot extend %.200s: %s", path, strerror(errno));
    }
    return ERR_OK;
}

enum err cluster_files_write(const struct cluster *cluster, const char *data, struct why *why) {
    static const struct text access = {.bytes = "local all all peer map=tocsin\n",
                                       .len = sizeof "local all all peer map=tocsin\n" - 1};
    struct text settings = {.len = 0};
    struct text map = {.len = 0};
    server_settings(cluster, &settings);
    login_map(cluster, &map);
    enum err err = write_file(cluster, data, "tocsin.conf", &settings, why);
    if (err == ERR_OK) {
        err = write_file(cluster, data, "pg_hba.conf", &access, why);
    }
    if (err == ERR_OK) {
        err = write_file(cluster, data, "pg_ident.conf", &map, why);
    }
    return err == ERR_OK ? add_include(data, why) : err;
}
