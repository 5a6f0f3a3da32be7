/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ctx.h"

/* What postgresql.conf, a DSN or the shell inside pg_ctl would read as something else. */
#define UNSAFE_IN_PATHS "'\"\\,$`\n"
#define POSTGRES_SOCKET "/pg/.s.PGSQL.5432"

static enum err check_path(const char *path, const char *variable, struct why *why) {
    return strpbrk(path, UNSAFE_IN_PATHS) == NULL
               ? ERR_OK
               : why_set(why, ERR_CONFIG,
                         "%.200s: PostgreSQL cannot use a path with quotes, commas, backslashes or "
                         "dollars; set %s to another one",
                         path, variable);
}

static enum err check_runtime(const char *path, struct why *why) {
    if (strlen(path) + strlen(POSTGRES_SOCKET) >= PLACE_SOCKET_BYTES_MAX) {
        return why_set(why, ERR_TOO_LONG,
                       "%.200s is too long for a socket: set TOCSIN_RUNTIME_DIR to a short path",
                       path);
    }
    return check_path(path, "TOCSIN_RUNTIME_DIR", why);
}

static enum err find_data(const char *data_dir, size_t size, char *out, struct why *why) {
    if (data_dir == NULL) {
        return place_data_dir(size, out, why);
    }
    if (data_dir[0] != '/') {
        return why_set(why, ERR_CONFIG, "--data must be an absolute path, not '%.200s'", data_dir);
    }
    return (size_t)snprintf(out, size, "%s", data_dir) < size
               ? ERR_OK
               : why_set(why, ERR_TOO_LONG, "the path after --data is too long");
}

enum err home_find(const char *data_dir, struct home *out, struct why *why) {
    struct home home = {.data = ""};
    enum err err = find_data(data_dir, sizeof home.data, home.data, why);
    if (err == ERR_OK) {
        err = check_path(home.data, "TOCSIN_DATA_DIR", why);
    }
    if (err == ERR_OK) {
        err = place_runtime_dir(sizeof home.runtime, home.runtime, why);
    }
    if (err == ERR_OK) {
        err = check_runtime(home.runtime, why);
    }
    if (err == ERR_OK) {
        err = place_ingest_endpoint(sizeof home.endpoint, home.endpoint, why);
    }
    if (err == ERR_OK) {
        *out = home;
    }
    return err;
}

static enum err cannot(const char *what, const char *path, const char *variable, struct why *why) {
    return why_set(why, ERR_IO, "cannot %s %.200s: %s; set %s to a directory of your own", what,
                   path, strerror(errno), variable);
}

/* With its parents; what cannot be made of them shows in the last one. */
static enum err make_dir(const char *path, mode_t mode, const char *variable, struct why *why) {
    char part[PLACE_PATH_BYTES_MAX];
    struct stat st;
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, mode);
        *slash = '/';
    }
    if ((mkdir(path, mode) != 0 && errno != EEXIST) || stat(path, &st) != 0) {
        return cannot("make", path, variable, why);
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
        return why_set(why, ERR_IO, "%.200s is not a directory of this user; set %s to one that is",
                       path, variable);
    }
    if (chmod(path, (st.st_mode & 07777) | mode) != 0 || access(path, W_OK) != 0) {
        return cannot("write in", path, variable, why);
    }
    return ERR_OK;
}

enum err home_make(const struct home *home, struct why *why) {
    const mode_t mode = geteuid() == 0 ? 0711 : 0700;
    enum err err = make_dir(home->data, mode, "TOCSIN_DATA_DIR", why);
    return err == ERR_OK ? make_dir(home->runtime, mode, "TOCSIN_RUNTIME_DIR", why) : err;
}

enum err home_lock(const struct home *home, int *out_fd, struct why *why) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[PLACE_PATH_BYTES_MAX + 16];
    snprintf(path, sizeof path, "%s/up.lock", home->runtime);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return cannot("write", path, "TOCSIN_RUNTIME_DIR", why);
    }
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        ctx_note("Waiting for another `tocsin up` or `tocsin down` to end.");
        if (fcntl(fd, F_OFD_SETLKW, &whole) != 0) {
            close(fd);
            return cannot("lock", path, "TOCSIN_RUNTIME_DIR", why);
        }
    }
    *out_fd = fd;
    return ERR_OK;
}
