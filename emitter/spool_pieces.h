/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SPOOL_PIECES_H
#define EMITTER_SPOOL_PIECES_H

/* What is behind a struct spool: spool.c writes it, spool_rescue.c what a disk would not keep, and
 * spool_read.c reads it. Private to the three. */

#include <unistd.h>

#include "emitter/spool.h"

#define LABEL_BYTES_MAX  (WIRE_FRAME_BYTES_MAX + WIRE_URL_BYTES_MAX + PLACE_PATH_BYTES_MAX)
#define RECORD_BYTES_MAX (2U * WIRE_FRAME_BYTES_MAX)

struct piece { /* a segment that is there */
    uint64_t number;
    uint64_t bytes;
};

struct open_piece { /* the one that is being read */
    int fd;         /* -1: none */
    uint64_t number;
    uint64_t key;
    uint64_t begin; /* of the records */
};

struct spool {
    struct spooldir *dir;
    struct wire_id stream;
    enum wire_lane lane;
    struct segment_label label; /* points into label_room */
    struct buf label_room;
    struct piece *pieces; /* by number */
    size_t pieces_n;
    size_t pieces_cap;
    uint64_t next_number;
    int write_fd; /* of the last piece; -1: the next append begins a new one */
    uint64_t write_key;
    bool rescuing;
    int sync_error; /* see spool_sync_error() */
    struct open_piece reading;
    struct buf scratch;
    struct segment_batch last;
    struct spool_mark acked;
};

static inline void spool_stop_reading(struct spool *spool) {
    if (spool->reading.fd >= 0) {
        close(spool->reading.fd);
        spool->reading.fd = -1;
    }
}

static inline struct spooldir_segment spool_name_of(const struct spool *spool,
                                                    const struct piece *piece) {
    return (struct spooldir_segment){.stream = spool->stream,
                                     .lane = spool->lane,
                                     .number = piece->number,
                                     .bytes = piece->bytes};
}

/* ERR_TOO_LONG: more than SPOOL_SEGMENTS_MAX. */
enum err spool_add_piece(struct spool *spool, struct piece piece) ERR_MUST_CHECK;
/* Begins a new segment for what comes from `first` on. */
enum err spool_begin_piece(struct spool *spool, const struct segment_label *label,
                           const struct segment_batch *first, struct why *why) ERR_MUST_CHECK;
/* Writes to the segment that was begun. After an error it is finished with. */
enum err spool_write_record(struct spool *spool, const struct segment_batch *batch,
                            struct str items, struct why *why) ERR_MUST_CHECK;
/* fdatasync() of the last segment failed, it is closed: what it held and is not acknowledged gets
 * another one. False: that is not durable either, and the first stays. */
bool spool_rescue(struct spool *spool);
/* The label's texts, one behind the other in room. */
enum err spool_copy_label(const struct segment_label *label, struct buf *room,
                          struct segment_label *out) ERR_MUST_CHECK;

#endif
