/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100 /* times that somebody removes the directory before it can be locked */

static enum err cannot(const char *what, const char *path, struct why *why) {
    return why_set(why, ERR_IO,
                   "cannot %s %.200s: %s; set TOCSIN_RING_DIR to a directory of your own", what,
                   path, strerror(errno));
}

static enum err find_base(size_t size, char *out, struct why *why) {
    const char *given = getenv("TOCSIN_RING_DIR");
    if (given == NULL || given[0] == '\0') {
        return place_data_dir(size, out, why);
    }
    return (size_t)snprintf(out, size, "%s", given) < size
               ? ERR_OK
               : why_set(why, ERR_TOO_LONG, "TOCSIN_RING_DIR is longer than %zu bytes", size - 1);
}

/* With its parents; what cannot be made of them shows in the last one. */
static enum err make_dir(const char *path, struct why *why) {
    char part[IMPORT_PLACE_PATH_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST ? ERR_OK : cannot("make", path, why);
}

/* Whether fd still is what stands at the path: its last owner may have removed it before our lock.
 */
static bool is_at(int fd, const char *path) {
    struct stat ours;
    struct stat theirs;
    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
           ours.st_dev == theirs.st_dev;
}

static enum err lock_dir(const char *path, int *out_fd, struct why *why) {
    for (int i = 0; i < TRIES; i++) {
        const enum err err = make_dir(path, why);
        if (err != ERR_OK) {
            return err;
        }
        const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, path)) {
            *out_fd = fd;
            return ERR_OK;
        }
        const bool busy = fd >= 0 && errno == EWOULDBLOCK;
        if (fd >= 0) {
            close(fd);
        } else if (errno != ENOENT) {
            return cannot("open", path, why);
        }
        if (busy) {
            return why_set(why, ERR_CONFIG,
                           "another process imports this run right now; wait for its end");
        }
    }
    return cannot("lock", path, why);
}

enum err import_place_open(uint64_t run_id, uint32_t rank, struct import_place *out,
                           struct why *why) {
    struct import_place place = {.fd = -1};
    char base[PLACE_PATH_BYTES_MAX];
    enum err err = find_base(sizeof base, base, why);
    if (err != ERR_OK) {
        return err;
    }
    snprintf(place.dir, sizeof place.dir, "%s/imports/%" PRIu64 "-%" PRIu32, base, run_id, rank);
    snprintf(place.ring, sizeof place.ring, "%s/ring", place.dir);
    snprintf(place.spool, sizeof place.spool, "%s/spool", place.dir);
    err = lock_dir(place.dir, &place.fd, why);
    if (err == ERR_OK) {
        *out = place;
    }
    return err;
}

/* Calls visit for each file of a directory until it returns true; what it returned. */
static bool each_file(const char *dir, bool (*visit)(int fd, const char *name, const char *wanted),
                      const char *wanted) {
    DIR *handle = opendir(dir);
    bool done = false;
    for (struct dirent *e = handle != NULL ? readdir(handle) : NULL; !done && e != NULL;
         e = readdir(handle)) {
        done = e->d_name[0] != '.' && visit(dirfd(handle), e->d_name, wanted);
    }
    if (handle != NULL) {
        closedir(handle);
    }
    return done;
}

static bool begins(int fd, const char *name, const char *wanted) {
    (void)fd;
    return wanted == NULL || strncmp(name, wanted, strlen(wanted)) == 0;
}

static bool remove_file(int fd, const char *name, const char *wanted) {
    (void)wanted;
    unlinkat(fd, name, 0);
    return false;
}

bool import_place_has(const struct import_place *place, const char *producer) {
    return each_file(place->ring, begins, producer) || each_file(place->spool, begins, producer);
}

void import_place_clear(const struct import_place *place) {
    each_file(place->ring, remove_file, NULL);
    each_file(place->spool, remove_file, NULL);
}

void import_place_close(struct import_place *place) {
    rmdir(place->ring);
    rmdir(place->spool);
    rmdir(place->dir);
    close(place->fd);
    place->fd = -1;
}
