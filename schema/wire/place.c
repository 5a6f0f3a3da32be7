/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is asked for and where it goes. */
struct request {
    const char *what;
    const char *override; /* the variable that moves it */
    size_t size;
    char *out_path;
    struct why *why;
};

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static enum err answer(const struct request *request, const char *dir, const char *name) {
    const size_t dir_bytes = strlen(dir);
    const size_t name_bytes = strlen(name);
    if (dir_bytes + name_bytes >= request->size) {
        return why_set(request->why, ERR_TOO_LONG,
                       "the path of the %s directory is too long: set %s to a shorter one",
                       request->what, request->override);
    }
    memcpy(request->out_path, dir, dir_bytes);
    memcpy(request->out_path + dir_bytes, name, name_bytes + 1);
    return ERR_OK;
}

/* The override variable's value, if it is set: it must be absolute, or two programs started in two
 * directories would not meet. */
static enum err answer_override(const struct request *request) {
    const char *value = variable(request->override);
    if (value == NULL) {
        return ERR_NOT_FOUND;
    }
    if (value[0] != '/') {
        return why_set(request->why, ERR_CONFIG, "%s is \"%.200s\": set it to an absolute path",
                       request->override, value);
    }
    return answer(request, value, "");
}

enum err place_runtime_dir(size_t size, char *out_path, struct why *why) {
    const struct request request = {"runtime", "TOCSIN_RUNTIME_DIR", size, out_path, why};
    enum err err = answer_override(&request);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (getuid() == 0) {
        return answer(&request, "/run/tocsin", "");
    }
    const char *xdg = variable("XDG_RUNTIME_DIR");
    if (xdg != NULL && xdg[0] == '/') {
        return answer(&request, xdg, "/tocsin");
    }
    /* A batch job of the same user has no XDG_RUNTIME_DIR, but it must find what a login shell
     * started: so the directory that the variable would name is tried before /tmp. */
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/run/user/%u", (unsigned)getuid());
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid()) {
        return answer(&request, path, "/tocsin");
    }
    snprintf(path, sizeof path, "/tmp/tocsin-%u", (unsigned)getuid());
    return answer(&request, path, "");
}

enum err place_data_dir(size_t size, char *out_path, struct why *why) {
    const struct request request = {"data", "TOCSIN_DATA_DIR", size, out_path, why};
    enum err err = answer_override(&request);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (getuid() == 0) {
        return answer(&request, "/var/lib/tocsin", "");
    }
    const char *xdg = variable("XDG_DATA_HOME");
    if (xdg != NULL && xdg[0] == '/') {
        return answer(&request, xdg, "/tocsin");
    }
    const char *home = variable("HOME");
    if (home == NULL || home[0] != '/') {
        return why_set(why, ERR_CONFIG,
                       "HOME is not set: set it, or TOCSIN_DATA_DIR, to an absolute path");
    }
    return answer(&request, home, "/.local/share/tocsin");
}

enum err place_ingest_endpoint(size_t size, char *out_endpoint, struct why *why) {
    static const char scheme[] = "ipc://";
    char dir[PLACE_PATH_BYTES_MAX];
    enum err err = place_runtime_dir(sizeof dir, dir, why);
    if (err != ERR_OK) {
        return err;
    }
    char endpoint[sizeof scheme + PLACE_SOCKET_BYTES_MAX];
    int n = snprintf(endpoint, sizeof endpoint, "%s%s/ingest.sock", scheme, dir);
    size_t path_bytes = (size_t)n - strlen(scheme);
    if (n < 0 || (size_t)n >= sizeof endpoint || path_bytes >= PLACE_SOCKET_BYTES_MAX) {
        return why_set(why, ERR_TOO_LONG,
                       "%.200s is too long for a socket: set TOCSIN_RUNTIME_DIR to a short path",
                       dir);
    }
    const struct request request = {"runtime", "TOCSIN_RUNTIME_DIR", size, out_endpoint, why};
    return answer(&request, endpoint, "");
}
