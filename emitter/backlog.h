/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_BACKLOG_H
#define EMITTER_BACKLOG_H

/* When a run's data leaves memory for the disk: while the collector is away or slow and a ring
 * fills, and at the end of a run for what was not acknowledged. Courier only. */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/lane.h"

struct backlog {
    struct spooldir dir;
    struct spool *spools[WIRE_LANES]; /* NULL: there is no spool */
    struct wire_id stream;
    uint64_t generation;
    bool quiet;
    bool told[ERR_NOT_FOUND + 1]; /* once for each kind of failure, until it goes well again */
    bool told_doubt;
    int64_t retry_at_ns;
};

struct backlog_spec { /* borrows */
    const char *dir;  /* NULL: the default place */
    uint64_t limit_bytes;
    const char *endpoints;
    const char *ring_path;
    bool quiet;
};

/* Opens the directory. Without one that can be used there is no spool: one line says why, and
 * everything stays in the ring. Writes nothing. */
void backlog_open(struct backlog *backlog, const struct wire_id *stream,
                  const struct backlog_spec *spec);
/* The directory, or NULL. */
const char *backlog_dir(const struct backlog *backlog);
/* Gives each lane its spool; hello: the frame. */
enum err backlog_begin(struct backlog *backlog, struct lane *lanes, const struct backlog_spec *spec,
                       const struct buf *hello, struct why *why) ERR_MUST_CHECK;

/* Opens and claims what a dead process has left in dir. ERR_NOT_FOUND: another process has it;
 * ERR_IO, ERR_CONFIG, ERR_MEMORY. In out_any whether there is anything. */
enum err backlog_recover(struct backlog *backlog, const struct wire_id *stream, const char *dir,
                         bool *out_any, struct why *why) ERR_MUST_CHECK;
/* Gives each lane of a dead process its spool and finds where it stands. has_ring: its ring is
 * there as well. */
void backlog_adopt(struct backlog *backlog, struct lane *lanes, bool has_ring);

/* Moves batches of a lane out of a ring that fills up, for a few milliseconds at most. is_sending:
 * a collector takes batches, so there is hope. */
void backlog_move(struct backlog *backlog, struct lane *lane, struct batcher *batcher,
                  bool is_sending);
/* Moves all that is left of both lanes, until deadline_ns. True: the rings are empty. */
bool backlog_flush(struct backlog *backlog, struct lane *lanes, struct batcher *batcher,
                   int64_t deadline_ns);
/* Before lane_restart(): what is spooled is for the producer of this hello. An error changes
 * nothing for what is sent. */
enum err backlog_relabel(struct backlog *backlog, const struct lane *lanes, const struct buf *hello,
                         struct why *why) ERR_MUST_CHECK;
/* Closes; sync: waits for the disk. lanes: NULL if nothing was ever sent. Fine if it is closed.
 * False: the disk would not keep all. */
bool backlog_close(struct backlog *backlog, const struct lane *lanes, bool sync);

#endif
