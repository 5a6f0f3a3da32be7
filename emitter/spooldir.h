/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SPOOLDIR_H
#define EMITTER_SPOOLDIR_H

/* The directory of the spools: names, lock and total size of the files in it.
 *
 *     <stream>-<lane>-<number>.spool   a segment; stream: 32 hexadecimal digits, lane: 0 or 1
 *     <stream>.lock                    held by the process whose spool this is
 *
 * Directory 0700, files 0600. Processes share a directory, and its bound. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/place.h"
#include "schema/wire/wire.h"

#define SPOOLDIR_SETTING       "TOCSIN_SPOOL_DIR"
#define SPOOLDIR_NAME_BYTES    80
#define SPOOLDIR_BYTES_DEFAULT (1024U * 1024 * 1024)
#define SPOOLDIR_EVENTS_PART   16 /* one part in so many is kept for the events lanes */

struct spooldir {
    char path[PLACE_PATH_BYTES_MAX];
    int fd;
    int lock_fd; /* -1: this process has claimed nothing */
    uint64_t limit_bytes;
    uint64_t used_bytes; /* by all spools, as far as this process knows; see spooldir_count() */
};

/* The default directory: <data directory>/spool. */
enum err spooldir_place(size_t size, char *out_path, struct why *why) ERR_MUST_CHECK;
/* Makes it if it is missing. ERR_IO, ERR_CONFIG (a network file system) with a sentence. */
enum err spooldir_open(const char *path, uint64_t limit_bytes, struct spooldir *out,
                       struct why *why) ERR_MUST_CHECK;
void spooldir_close(struct spooldir *dir); /* fine on a zeroed one */

/* Adds up what all processes have there. */
void spooldir_count(struct spooldir *dir);
/* Whether so many bytes more are within the bound of this lane. */
bool spooldir_has_room(const struct spooldir *dir, enum wire_lane lane, uint64_t bytes);

struct spooldir_segment {
    struct wire_id stream;
    enum wire_lane lane;
    uint64_t number;
    uint64_t bytes;
};
/* Calls visit for each segment, in no order, until it returns false. */
void spooldir_each(const struct spooldir *dir,
                   bool (*visit)(void *context, const struct spooldir_segment *segment),
                   void *context);

/* A descriptor, or -1 with errno. create: for writing, the file must be new; else for reading. */
int spooldir_open_segment(const struct spooldir *dir, const struct spooldir_segment *segment,
                          bool create);
/* Removes a segment and counts its bytes as free. */
void spooldir_remove(struct spooldir *dir, const struct spooldir_segment *segment);
/* Renames it to *.damaged, which nothing here reads. */
void spooldir_set_aside(const struct spooldir *dir, const struct spooldir_segment *segment);
/* Makes creations and removals durable, as far as the file system can. */
void spooldir_sync(const struct spooldir *dir);

/* Claims the spools of a stream for this process: a record lock (fcntl), neither inherited by a
 * forked child nor outlived. False: a living process has it. Where a file system has no locks,
 * nobody claims and everybody may write his own. One stream a struct; claiming again is fine. */
bool spooldir_claim(struct spooldir *dir, const struct wire_id *stream);
/* Gives it up, and leaves no lock file if no segment of the stream is left. */
void spooldir_release(struct spooldir *dir, const struct wire_id *stream);

#endif
