/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SEGMENT_H
#define EMITTER_SEGMENT_H

/* The bytes of one file of a spool (spool.h): written once, from front to back.
 *
 *     | head: who and what | record | record | ...
 *
 *     head     struct head (segment.c), then the hello frame, the endpoint list and the path of the
 *              ring's file; one CRC32C over all of it
 *     record   struct record (segment.c) with a CRC32C of its own, then the encoded items of one
 *              batch, with theirs; from one multiple of 8 to the next
 *
 * A record's head is checked with a random key of the file, so nothing that an application logs can
 * pass for one. A reader that meets a damaged head of a record looks for the next good one, eight
 * bytes at a time. Host byte order: a spool is read on the machine that wrote it. */

#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/wire.h"

#define SEGMENT_BYTES_TARGET (4U * 1024 * 1024)
/* One record past the target and the largest head: what lies behind is not read. */
#define SEGMENT_BYTES_MAX (SEGMENT_BYTES_TARGET + 3U * WIRE_FRAME_BYTES_MAX)

struct segment_label { /* how the spool's batches are to be presented */
    struct str hello;  /* the hello frame: who sends */
    struct str endpoints;
    struct str ring_path;
    uint64_t generation;   /* grows with each relabelling */
    uint64_t seq_base;     /* batch s travels as s - seq_base */
    uint64_t calls_base;   /* calls acknowledged to former producer ids */
    uint64_t dropped_base; /* calls told to them as dropped or lost */
    uint64_t lost;         /* calls that were found unreadable and are counted as dropped */
};

struct segment_head {
    struct wire_id stream; /* names the files; the first producer id of the process */
    enum wire_lane lane;
    uint64_t number;
    uint64_t key;
    uint64_t bytes;         /* of the head: where the first record is */
    uint64_t first_seq;     /* of the batch that it was made for */
    uint64_t first_calls;   /* calls in all batches before that one */
    uint64_t first_dropped; /* `dropped` of the batch before that one */
    struct segment_label label;
};

struct segment_batch {
    uint64_t seq;
    uint64_t emitted; /* totals of the lane when it was cut */
    uint64_t dropped;
    uint64_t dropped_before; /* `dropped` of the batch before; what is between is a gap in it */
    uint64_t calls_before;   /* calls in all batches before it */
    uint32_t calls;
    uint32_t items;
};

struct segment_found {
    struct segment_batch batch;
    uint64_t begin; /* of the record in the file */
    uint64_t at;    /* of its items */
    uint64_t next;
    uint32_t items_bytes;
    uint32_t items_crc;
};

/* Appends the head to out; head->bytes is not read. ERR_TOO_LONG, ERR_MEMORY. */
enum err segment_put_head(const struct segment_head *head, struct buf *out) ERR_MUST_CHECK;
/* Reads and checks the head; the label's views borrow room. Any error: no segment to be read. */
enum err segment_read_head(int fd, struct buf *room, struct segment_head *out) ERR_MUST_CHECK;

/* Appends a record. ERR_TOO_LONG: more items than a frame can hold. */
enum err segment_put_record(uint64_t key, const struct segment_batch *batch, struct str items,
                            struct buf *out) ERR_MUST_CHECK;
/* The first record with a good head at `from` (a multiple of 8) or behind it, before `end`. */
bool segment_find(int fd, uint64_t key, uint64_t from, uint64_t end, struct segment_found *out);
/* The items of a record into out, in place of what it held. False: damaged. */
bool segment_read_items(int fd, const struct segment_found *found, struct buf *out);
/* Bytes of the file, those past SEGMENT_BYTES_MAX not counted; 0 if that cannot be known. */
uint64_t segment_end(int fd);

#endif
