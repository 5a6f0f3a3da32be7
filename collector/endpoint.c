/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "schema/wire/place.h"

struct endpoint {
    char path[PLACE_SOCKET_BYTES_MAX]; /* of the socket; "" for tcp */
    int lock;                          /* -1 for tcp */
};

static bool starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool endpoint_is_loopback(const char *host) {
    char bare[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    const size_t len = strlen(host);
    if (len < 3 || len - 2 >= sizeof bare || host[0] != '[' || host[len - 1] != ']') {
        return false;
    }
    memcpy(bare, host + 1, len - 2);
    bare[len - 2] = '\0';
    return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool endpoint_is_ipc(const char *address) {
    return starts_with(address, "ipc://");
}

/* Without keys only numbers: a name could be made to mean another address. */
static enum err check_tcp(const char *address, bool keyed, struct why *why) {
    char host[64];
    const char *from = address + strlen("tcp://");
    const char *colon = strrchr(from, ':');
    const size_t len = colon ? (size_t)(colon - from) : 0;
    if (len == 0 || len >= sizeof host || colon[1] == '\0') {
        return why_set(why, ERR_ADDRESS, "\"%.200s\" is not tcp://127.0.0.1:<port>", address);
    }
    memcpy(host, from, len);
    host[len] = '\0';
    return keyed || endpoint_is_loopback(host)
               ? ERR_OK
               : why_set(why, ERR_ADDRESS,
                         "\"%.200s\" is not a loopback address (127.0.0.1 or [::1]), and beyond "
                         "this machine connections need keys: run tocsin keys server and set "
                         "server_key, or forward a local port with ssh -R",
                         address);
}

static enum err check_owner(const char *dir, struct why *why) {
    struct stat info;
    if (lstat(dir, &info) != 0) {
        return why_set(why, ERR_IO, "cannot look at %s: %s", dir, strerror(errno));
    }
    const bool foreign = info.st_uid != geteuid() && info.st_uid != 0;
    const bool open_to_all = (info.st_mode & S_IWOTH) && !(info.st_mode & S_ISVTX);
    if (!S_ISDIR(info.st_mode) || foreign || open_to_all) {
        return why_set(why, ERR_ADDRESS,
                       "%s is not a directory that only this user controls; remove it, or choose "
                       "another place with --listen",
                       dir);
    }
    return ERR_OK;
}

static enum err ensure_directory(const char *path, struct why *why) {
    char dir[PLACE_SOCKET_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || slash == path) {
        return why_set(why, ERR_ADDRESS, "\"ipc://%s\" is not an absolute path below a directory",
                       path);
    }
    snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return why_set(why, ERR_IO,
                       "cannot make the directory %s: %s; make it, or choose another place with "
                       "--listen",
                       dir, strerror(errno));
    }
    return check_owner(dir, why);
}

/* The file stays when tocsind ends: removing it would let two processes lock two files of one
 * name. */
static enum err take_lock(struct endpoint *endpoint, struct why *why) {
    char path[PLACE_SOCKET_BYTES_MAX + 8];
    snprintf(path, sizeof path, "%s.lock", endpoint->path);
    endpoint->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (endpoint->lock < 0) {
        return why_set(why, ERR_IO,
                       "cannot write %s: %s; make its directory writable, or choose another place "
                       "with --listen",
                       path, strerror(errno));
    }
    if (flock(endpoint->lock, LOCK_EX | LOCK_NB) != 0) {
        return why_set(why, ERR_ADDRESS,
                       "another tocsind listens on ipc://%s; stop it, or choose another place with "
                       "--listen",
                       endpoint->path);
    }
    return ERR_OK;
}

/* What stands at the path must be nothing, or a socket nobody listens on. */
static enum err check_path(const char *path, struct why *why) {
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT
                   ? ERR_OK
                   : why_set(why, ERR_IO, "cannot look at %s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return why_set(why, ERR_ADDRESS, "%s exists and is not a socket; choose another place",
                       path);
    }
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* One that is too busy to answer is alive too. */
    const bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 ||
                                   errno != ECONNREFUSED);
    if (fd >= 0) {
        close(fd);
    }
    return alive ? why_set(why, ERR_ADDRESS,
                           "another program listens on ipc://%s; choose another place", path)
                 : ERR_OK;
}

static enum err open_ipc(const char *address, struct endpoint *endpoint, struct why *why) {
    const char *path = address + strlen("ipc://");
    if (strlen(path) >= sizeof endpoint->path) {
        return why_set(why, ERR_ADDRESS,
                       "\"%s\" is too long for a socket: its path may have %d bytes; choose a "
                       "shorter one",
                       address, PLACE_SOCKET_BYTES_MAX - 1);
    }
    memcpy(endpoint->path, path, strlen(path) + 1);
    enum err err = ensure_directory(endpoint->path, why);
    if (err == ERR_OK) {
        err = take_lock(endpoint, why);
    }
    return err == ERR_OK ? check_path(endpoint->path, why) : err;
}

enum err endpoint_open(const char *address, bool keyed, struct endpoint **out, struct why *why) {
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint) {
        abort();
    }
    endpoint->lock = -1;
    enum err err;
    if (endpoint_is_ipc(address)) {
        err = open_ipc(address, endpoint, why);
    } else if (starts_with(address, "tcp://")) {
        err = check_tcp(address, keyed, why);
    } else {
        err = why_set(why, ERR_ADDRESS,
                      "\"%.200s\" is not an address; write ipc://<path> or tcp://127.0.0.1:<port>",
                      address);
    }
    if (err != ERR_OK) {
        endpoint->path[0] = '\0'; /* what is there is not ours */
        endpoint_close(endpoint);
        return err;
    }
    *out = endpoint;
    return ERR_OK;
}

void endpoint_close(struct endpoint *endpoint) {
    if (!endpoint) {
        return;
    }
    if (endpoint->path[0]) {
        unlink(endpoint->path);
    }
    if (endpoint->lock >= 0) {
        close(endpoint->lock);
    }
    free(endpoint);
}
