/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SPOOL_PIECES_H
#define EMITTER_SPOOL_PIECES_H

/* What is behind a struct spool: spool.c writes it, spool_read.c reads it. Private to the two. */

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
/* The label's texts, one behind the other in room. */
enum err spool_copy_label(const struct segment_label *label, struct buf *room,
                          struct segment_label *out) ERR_MUST_CHECK;

#endif
