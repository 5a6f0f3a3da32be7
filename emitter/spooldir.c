/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/spooldir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emitter/owndir.h"
#include "emitter/streamname.h"

#define SEGMENTS_MAX_PER_DIR 1048576 /* names looked at in one pass */

enum err spooldir_place(size_t size, char *out_path, struct why *why) {
    static const char name[] = "/spool";
    enum err err = place_data_dir(size < sizeof name ? 0 : size - sizeof name, out_path, why);
    if (err == ERR_OK) {
        memcpy(out_path + strlen(out_path), name, sizeof name);
    }
    return err;
}

enum err spooldir_open(const char *path, uint64_t limit_bytes, struct spooldir *out,
                       struct why *why) {
    struct spooldir dir = {.lock_fd = -1, .limit_bytes = limit_bytes};
    enum err err = owndir_make(path, SPOOLDIR_SETTING, why);
    if (err == ERR_OK) {
        err = owndir_is_local(path, SPOOLDIR_SETTING, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    dir.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir.fd < 0) {
        return why_set(why, ERR_IO, "cannot open %s: %s; set " SPOOLDIR_SETTING " to another place",
                       path, strerror(errno));
    }
    memcpy(dir.path, path, strlen(path) + 1); /* owndir_make() checked its length */
    spooldir_count(&dir);
    *out = dir;
    return ERR_OK;
}

void spooldir_close(struct spooldir *dir) {
    if (dir->path[0] != '\0') {
        close(dir->fd);
        dir->path[0] = '\0';
    }
}

static void segment_name(const struct spooldir_segment *segment, char *out) {
    streamname_put(&segment->stream, out);
    snprintf(out + STREAMNAME_DIGITS, SPOOLDIR_NAME_BYTES - STREAMNAME_DIGITS,
             "-%d-%" PRIu64 ".spool", (int)segment->lane, segment->number);
}

/* Only names that we would write ourselves: "-1" and "-01" must not be the same segment. */
static bool parse_name(const char *name, struct spooldir_segment *out) {
    char again[SPOOLDIR_NAME_BYTES];
    *out = (struct spooldir_segment){0};
    if (!streamname_parse(name, &out->stream) || name[STREAMNAME_DIGITS] != '-') {
        return false;
    }
    const char *lane = name + STREAMNAME_DIGITS + 1;
    if (lane[0] < '0' || lane[0] >= '0' + WIRE_LANES || lane[1] != '-') {
        return false;
    }
    out->lane = (enum wire_lane)(lane[0] - '0');
    out->number = strtoull(lane + 2, NULL, 10);
    segment_name(out, again);
    return strcmp(name, again) == 0;
}

void spooldir_each(const struct spooldir *dir,
                   bool (*visit)(void *context, const struct spooldir_segment *segment),
                   void *context) {
    const int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    struct dirent *entry = readdir(stream);
    for (size_t n = 0; entry != NULL && n < SEGMENTS_MAX_PER_DIR; n++, entry = readdir(stream)) {
        struct spooldir_segment segment;
        struct stat st;
        if (strlen(entry->d_name) > STREAMNAME_DIGITS && parse_name(entry->d_name, &segment) &&
            fstatat(dir->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
            segment.bytes = (uint64_t)st.st_size;
            if (!visit(context, &segment)) {
                break;
            }
        }
    }
    closedir(stream);
}

static bool add_bytes(void *context, const struct spooldir_segment *segment) {
    uint64_t *sum = context;
    *sum += segment->bytes;
    return true;
}

void spooldir_count(struct spooldir *dir) {
    dir->used_bytes = 0;
    spooldir_each(dir, add_bytes, &dir->used_bytes);
}

bool spooldir_has_room(const struct spooldir *dir, enum wire_lane lane, uint64_t bytes) {
    const uint64_t kept = lane == WIRE_LANE_METRICS ? dir->limit_bytes / SPOOLDIR_EVENTS_PART : 0;
    return dir->used_bytes + bytes <= dir->limit_bytes - kept;
}

int spooldir_open_segment(const struct spooldir *dir, const struct spooldir_segment *segment,
                          bool create) {
    char name[SPOOLDIR_NAME_BYTES];
    const int flags = create ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY | O_NONBLOCK;
    segment_name(segment, name);
    return openat(dir->fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void spooldir_remove(struct spooldir *dir, const struct spooldir_segment *segment) {
    char name[SPOOLDIR_NAME_BYTES];
    segment_name(segment, name);
    if (unlinkat(dir->fd, name, 0) == 0) {
        dir->used_bytes -= segment->bytes < dir->used_bytes ? segment->bytes : dir->used_bytes;
    }
}

void spooldir_set_aside(const struct spooldir *dir, const struct spooldir_segment *segment) {
    char name[SPOOLDIR_NAME_BYTES];
    char aside[SPOOLDIR_NAME_BYTES + sizeof ".damaged"];
    segment_name(segment, name);
    snprintf(aside, sizeof aside, "%s.damaged", name);
    renameat(dir->fd, name, dir->fd, aside);
}

void spooldir_sync(const struct spooldir *dir) {
    fsync(dir->fd);
}

static void lock_name(const struct wire_id *stream, char *out) {
    streamname_put(stream, out);
    memcpy(out + STREAMNAME_DIGITS, ".lock", sizeof ".lock");
}

bool spooldir_claim(struct spooldir *dir, const struct wire_id *stream) {
    char name[SPOOLDIR_NAME_BYTES];
    if (dir->lock_fd < 0) {
        lock_name(stream, name);
        dir->lock_fd = owndir_lock(dir->fd, name);
    }
    return dir->lock_fd >= 0;
}

struct search {
    const struct wire_id *stream;
    bool found;
};

static bool look_for_stream(void *context, const struct spooldir_segment *segment) {
    struct search *search = context;
    search->found = memcmp(&segment->stream, search->stream, sizeof *search->stream) == 0;
    return !search->found;
}

void spooldir_release(struct spooldir *dir, const struct wire_id *stream) {
    char name[SPOOLDIR_NAME_BYTES];
    struct search search = {.stream = stream};
    if (dir->lock_fd < 0) {
        return;
    }
    spooldir_each(dir, look_for_stream, &search);
    if (!search.found) {
        lock_name(stream, name);
        unlinkat(dir->fd, name, 0);
    }
    close(dir->lock_fd);
    dir->lock_fd = -1;
}
