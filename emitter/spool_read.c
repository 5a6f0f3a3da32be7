/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "emitter/spool_pieces.h"

/* Reading */

/* Opens a piece, if it is not open. False: no segment that can be read. */
static bool open_piece(struct spool *spool, const struct piece *piece, struct buf *room,
                       struct segment_head *out_head) {
    struct open_piece *reading = &spool->reading;
    const struct spooldir_segment name = spool_name_of(spool, piece);
    spool_stop_reading(spool);
    const int fd = spooldir_open_segment(spool->dir, &name, false);
    if (fd < 0) {
        return false;
    }
    if (segment_read_head(fd, room, out_head) != ERR_OK || out_head->lane != spool->lane ||
        memcmp(&out_head->stream, &spool->stream, sizeof spool->stream) != 0) {
        close(fd);
        spooldir_set_aside(spool->dir, &name);
        return false;
    }
    *reading = (struct open_piece){
        .fd = fd, .number = piece->number, .key = out_head->key, .begin = out_head->bytes};
    return true;
}

static bool is_open(const struct spool *spool, uint64_t number) {
    return spool->reading.fd >= 0 && spool->reading.number == number;
}

/* The first batch of this piece behind the mark, not further away than is believed. */
static bool find_in_piece(struct spool *spool, const struct piece *piece,
                          const struct spool_mark *mark, struct segment_found *out) {
    struct segment_head head;
    if (!is_open(spool, piece->number) && !open_piece(spool, piece, &spool->scratch, &head)) {
        return false;
    }
    const uint64_t end = segment_end(spool->reading.fd);
    uint64_t at = spool->reading.begin;
    if (piece->number == mark->number && mark->offset > at) {
        at = mark->offset;
    }
    while (segment_find(spool->reading.fd, spool->reading.key, at, end, out)) {
        if (out->batch.seq >= mark->seq && out->batch.seq - mark->seq <= SPOOL_HOLE_MAX) {
            return true;
        }
        at = out->next;
    }
    return false;
}

static const struct piece *find(struct spool *spool, const struct spool_mark *mark,
                                struct segment_found *out) {
    for (size_t i = 0; i < spool->pieces_n; i++) {
        const struct piece *piece = &spool->pieces[i];
        if (piece->number >= mark->number && find_in_piece(spool, piece, mark, out)) {
            return piece;
        }
    }
    return NULL;
}

/* Batches before this one are missing, or nothing is: their calls are lost. */
static void lose_before(struct spool_mark *mark, uint64_t calls_before) {
    if (calls_before > mark->calls) {
        mark->lost += calls_before - mark->calls;
        mark->calls = calls_before;
    }
}

static void reach_dropped(struct spool_mark *mark, uint64_t dropped) {
    if (dropped > mark->dropped) {
        mark->dropped = dropped;
    }
}

static void empty(struct segment_batch *batch, uint64_t dropped) {
    batch->items = batch->calls = 0;
    batch->dropped = batch->dropped_before = dropped;
}

void spool_refuse(struct spool_mark *mark, struct segment_batch *batch) {
    mark->lost += batch->calls;
    empty(batch, mark->dropped);
}

/* The mark is at the batch that was found, or before the hole in front of it: what lies between is
 * not searched again. */
static void advance(struct spool_mark *mark, const struct piece *piece,
                    const struct segment_found *found) {
    mark->number = piece->number;
    mark->offset = found->begin;
    lose_before(mark, found->batch.calls_before);
    reach_dropped(mark, found->batch.dropped_before);
    if (found->batch.seq == mark->seq) {
        mark->offset = found->next;
        mark->calls += found->batch.calls;
        reach_dropped(mark, found->batch.dropped);
    }
}

bool spool_read(struct spool *spool, struct spool_mark *mark, struct buf *out_items,
                struct segment_batch *out_batch) {
    struct segment_found found;
    struct segment_batch batch = spool->last;
    buf_clear(out_items);
    if (mark->seq > spool->last.seq) {
        return false;
    }
    const struct piece *piece = find(spool, mark, &found);
    const bool here = piece != NULL && found.batch.seq == mark->seq;
    if (piece != NULL) {
        batch = found.batch;
        advance(mark, piece, &found);
    } else {
        lose_before(mark, batch.calls_before + batch.calls);
        reach_dropped(mark, batch.dropped);
    }
    if (!here) {
        empty(&batch, mark->dropped);
    } else if (!segment_read_items(spool->reading.fd, &found, out_items)) {
        buf_clear(out_items);
        spool_refuse(mark, &batch);
    }
    batch.seq = mark->seq++;
    *out_batch = batch;
    return true;
}

/* Recovery */

struct collection {
    struct spool *spool;
    enum err err;
};

static bool collect(void *context, const struct spooldir_segment *segment) {
    struct collection *found = context;
    if (segment->lane == found->spool->lane &&
        memcmp(&segment->stream, &found->spool->stream, sizeof segment->stream) == 0) {
        found->err = spool_add_piece(found->spool, (struct piece){segment->number, segment->bytes});
    }
    return found->err == ERR_OK;
}

static int by_number(const void *a, const void *b) {
    const uint64_t x = ((const struct piece *)a)->number;
    const uint64_t y = ((const struct piece *)b)->number;
    return (x > y) - (x < y);
}

/* The newest label and the last batch; pieces from the newest to the oldest. */
static enum err recover_end(struct spool *spool) {
    bool labelled = false;
    for (size_t i = spool->pieces_n; i-- > 0 && (!labelled || spool->last.seq == 0);) {
        struct segment_head head;
        struct segment_found found;
        if (!open_piece(spool, &spool->pieces[i], &spool->scratch, &head)) {
            continue;
        }
        if (!labelled) {
            const enum err err = spool_copy_label(&head.label, &spool->label_room, &spool->label);
            if (err != ERR_OK) {
                return err;
            }
            labelled = true;
        }
        const uint64_t end = segment_end(spool->reading.fd);
        for (uint64_t at = head.bytes; segment_find(spool->reading.fd, head.key, at, end, &found);
             at = found.next) {
            if (found.batch.seq > spool->last.seq) {
                spool->last = found.batch;
            }
        }
    }
    return labelled ? ERR_OK : ERR_NOT_FOUND;
}

static void recover_start(struct spool *spool) {
    struct segment_head head;
    for (size_t i = 0; i < spool->pieces_n; i++) {
        if (open_piece(spool, &spool->pieces[i], &spool->scratch, &head)) {
            spool->acked = (struct spool_mark){.seq = head.first_seq,
                                               .calls = head.first_calls,
                                               .dropped = head.first_dropped,
                                               .lost = spool->label.lost,
                                               .number = head.number};
            return;
        }
    }
}

enum err spool_recover(struct spool *spool) {
    struct collection found = {.spool = spool, .err = ERR_OK};
    spooldir_each(spool->dir, collect, &found);
    if (found.err != ERR_OK) {
        return found.err;
    }
    if (spool->pieces_n == 0) {
        return ERR_NOT_FOUND;
    }
    qsort(spool->pieces, spool->pieces_n, sizeof *spool->pieces, by_number);
    spool->next_number = spool->pieces[spool->pieces_n - 1].number + 1;
    const enum err err = recover_end(spool);
    if (err == ERR_OK) {
        recover_start(spool);
    }
    return err;
}

void spool_expect(struct spool *spool, const struct spool_mark *first,
                  const struct segment_batch *last) {
    if (first->seq < spool->acked.seq || spool_is_empty(spool)) {
        spool->acked.seq = first->seq;
        spool->acked.calls = first->calls;
        spool->acked.dropped = first->dropped;
    }
    if (last->seq > spool->last.seq) {
        spool->last = *last;
    }
}
