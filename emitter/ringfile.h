/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_RINGFILE_H
#define EMITTER_RINGFILE_H

/* The file behind a producer's rings: mapped, reserved on its file system before it is touched (a
 * full disk or /dev/shm is an error at start, never a SIGBUS later), and left behind by a killed
 * process with all that is needed to deliver it:
 *
 *     | header | hello frame | texts | keysets | ring of the events lane | ring of the metrics lane
 * |
 *
 *     header    struct ringfile_header: where things are, watermarks, batches in flight
 *     hello     the encoded hello frame: who this is
 *     texts     struct ringfile_texts: where to deliver it, and where the rest of it is
 *     keysets   struct keysets_area: the names behind the handles in the rings
 *
 * What is between acked_seq and the head of a lane's ring is not delivered; of it, batches up to
 * spooled_seq are in the spool (spool.h) and not in the ring any more. A batch is a pure
 * function of its number, its range of the ring and the keysets; number and range are written here
 * before it is sent, so whoever sends it again sends the same batch. Each mark is stored with
 * release order after what it speaks of: a process killed between two stores leaves a file that is
 * right.
 *
 * File 0600 in a directory 0700 that belongs to this user. As long as the process lives it holds a
 * record lock (fcntl) on the file: that one is neither inherited by a forked child nor outlived.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "emitter/keysets.h"
#include "emitter/ring.h"
#include "schema/wire/place.h"
#include "schema/wire/wire.h"

#define RINGFILE_MAGIC          "TCSRING3"
#define RINGFILE_RING_BYTES_MAX (1024U * 1024 * 1024)
#define RINGFILE_BATCH_SLOTS                                                                       \
    16 /* more than the window, so that a slot is free when it is reused                           \
        */

/* The batch of sequence number s is in slot s % RINGFILE_BATCH_SLOTS while acked < s < next. */
struct ringfile_batch {
    uint64_t seq;
    uint64_t start; /* positions in the lane's ring */
    uint64_t end;   /* equal to start: it only carries the totals */
    uint64_t calls;
    uint64_t bytes;   /* of its frame, at most */
    uint64_t emitted; /* totals of the lane when it was cut */
    uint64_t dropped;
    uint64_t calls_before; /* calls in all batches before it */
    struct wire_gap gap;   /* of calls: by how much `dropped` has grown with it; may be 0 */
};

struct ringfile_lane {
    uint64_t ring_offset; /* in the file */
    uint64_t ring_bytes;
    _Atomic uint64_t acked_seq; /* committed by the collector */
    _Atomic uint64_t next_seq;  /* of the next batch to be cut */
    _Atomic uint64_t acked_calls;
    _Atomic uint64_t acked_dropped; /* `dropped` of that batch */
    uint64_t base_calls;            /* calls acknowledged under a former producer id, */
    uint64_t base_dropped;          /* and those that it was told of as dropped or lost */
    uint64_t seq_base;              /* batch s travels as s - seq_base, for the same reason */
    _Atomic uint64_t lost_calls;    /* found unreadable in the spool: dropped, as far as told */
    _Atomic uint64_t spooled_seq;   /* the last batch in the spool; below acked_seq: it is empty */
    struct ringfile_batch spooled[2]; /* that batch s is in s % 2 */
    struct ringfile_batch batches[RINGFILE_BATCH_SLOTS];
    struct ring_shared shared;
};

struct ringfile_header {
    char magic[8];
    uint64_t file_bytes;
    uint64_t key; /* of both rings */
    uint64_t hello_offset;
    uint64_t hello_bytes;
    uint64_t texts_offset;
    uint64_t keysets_offset;
    struct ringfile_lane lanes[WIRE_LANES];
};

struct ringfile_texts { /* NUL-terminated */
    char endpoints[WIRE_URL_BYTES_MAX + 1];
    char spool_dir[PLACE_PATH_BYTES_MAX]; /* empty: there is no spool */
};

struct ringfile {
    struct ringfile_header *header; /* start of the mapping */
    struct ring rings[WIRE_LANES];
    struct ringfile_texts *texts;
    struct keysets_area *keysets;
    int fd;
    char path[PLACE_PATH_BYTES_MAX];
};

struct ringfile_spec {
    const char *dir; /* NULL: /dev/shm/tocsin-<uid>, else <data directory>/rings */
    struct wire_id producer;
    const struct buf *hello;
    const char *endpoints;           /* as given */
    const char *spool_dir;           /* NULL: none */
    uint64_t ring_bytes[WIRE_LANES]; /* powers of two */
};

#define RINGFILE_PLACES 2
/* The default directories, in the order in which they are tried. */
enum err ringfile_place(int i, size_t size, char *out_dir, struct why *why) ERR_MUST_CHECK;
/* Creates and maps the file. Errors: ERR_IO, ERR_CONFIG with the remedy in why. */
enum err ringfile_create(const struct ringfile_spec *spec, struct ringfile *out,
                         struct why *why) ERR_MUST_CHECK;
/* Opens what another process has left, and claims it. ERR_NOT_FOUND: a living process has it, or it
 * is gone; it must not be asked for a file of this process, whose lock would be lost. ERR_VALUE: it
 * is damaged, and now called *.damaged. ERR_IO, with a sentence. */
enum err ringfile_open(const char *path, struct ringfile *out, struct why *why) ERR_MUST_CHECK;
/* The same structure in memory, with empty rings, for a spool whose ring is gone. */
enum err ringfile_for_spool(struct str hello, struct ringfile *out) ERR_MUST_CHECK;
/* The hello frame in the file. */
struct str ringfile_hello(const struct ringfile *file);
/* Position in the ring behind the last batch that was cut. */
uint64_t ringfile_cut_at(const struct ringfile_lane *lane);
/* The same stream under another producer id: hello is as long as the one it replaces. */
void ringfile_set_hello(struct ringfile *file, const struct buf *hello);
/* Unmaps and closes; keep: the file stays for somebody else to deliver. */
void ringfile_close(struct ringfile *file, bool keep);

#endif
