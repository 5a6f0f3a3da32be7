/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err too_long(const char *what, struct why *why) {
    return why_set(why, ERR_TOO_LONG, "the path of the %s directory is too long", what);
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static enum err join(const char *dir, const char *name, const char *what, size_t size, char *out,
                     struct why *why) {
    int n = snprintf(out, size, "%s%s", dir, name);
    return n < 0 || (size_t)n >= size ? too_long(what, why) : ERR_OK;
}

/* The override variable's value, if it is set: it must be absolute, or two programs started in two
 * directories would not meet. */
static enum err from_override(const char *name, const char *what, size_t size, char *out,
                              struct why *why) {
    const char *value = variable(name);
    if (value == NULL) {
        return ERR_NOT_FOUND;
    }
    if (value[0] != '/') {
        return why_set(why, ERR_CONFIG, "%s is \"%.200s\": set it to an absolute path", name,
                       value);
    }
    return join(value, "", what, size, out, why);
}

enum err place_runtime_dir(size_t size, char *out_path, struct why *why) {
    enum err err = from_override("TOCSIN_RUNTIME_DIR", "runtime", size, out_path, why);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (getuid() == 0) {
        return join("/run/tocsin", "", "runtime", size, out_path, why);
    }
    const char *xdg = variable("XDG_RUNTIME_DIR");
    if (xdg != NULL && xdg[0] == '/') {
        return join(xdg, "/tocsin", "runtime", size, out_path, why);
    }
    /* A batch job of the same user has no XDG_RUNTIME_DIR, but it must find what a login shell
     * started: so the directory that the variable would name is tried before /tmp. */
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/run/user/%u", (unsigned)getuid());
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid()) {
        return join(path, "/tocsin", "runtime", size, out_path, why);
    }
    snprintf(path, sizeof path, "/tmp/tocsin-%u", (unsigned)getuid());
    return join(path, "", "runtime", size, out_path, why);
}

enum err place_data_dir(size_t size, char *out_path, struct why *why) {
    enum err err = from_override("TOCSIN_DATA_DIR", "data", size, out_path, why);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (getuid() == 0) {
        return join("/var/lib/tocsin", "", "data", size, out_path, why);
    }
    const char *xdg = variable("XDG_DATA_HOME");
    if (xdg != NULL && xdg[0] == '/') {
        return join(xdg, "/tocsin", "data", size, out_path, why);
    }
    const char *home = variable("HOME");
    if (home == NULL || home[0] != '/') {
        return why_set(why, ERR_CONFIG,
                       "HOME is not set: set it, or TOCSIN_DATA_DIR, to an absolute path");
    }
    return join(home, "/.local/share/tocsin", "data", size, out_path, why);
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
    return join(endpoint, "", "runtime", size, out_endpoint, why);
}
