/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LABEL_BYTES_MAX  (WIRE_FRAME_BYTES_MAX + WIRE_URL_BYTES_MAX + PLACE_PATH_BYTES_MAX)
#define RECORD_BYTES_MAX (2U * WIRE_FRAME_BYTES_MAX)
#define OVERHEAD_BYTES   64 /* of a record, with its padding */

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

struct spool *spool_new(struct spooldir *dir, const struct wire_id *stream, enum wire_lane lane) {
    struct spool *spool = calloc(1, sizeof *spool);
    if (spool != NULL) {
        *spool = (struct spool){.dir = dir,
                                .stream = *stream,
                                .lane = lane,
                                .next_number = 1,
                                .write_fd = -1,
                                .reading = {.fd = -1},
                                .acked = {.seq = 1}};
        buf_init(&spool->label_room, LABEL_BYTES_MAX);
        buf_init(&spool->scratch, RECORD_BYTES_MAX);
    }
    return spool;
}

static void stop_reading(struct spool *spool) {
    if (spool->reading.fd >= 0) {
        close(spool->reading.fd);
        spool->reading.fd = -1;
    }
}

/* Nothing is appended to it any more. A failed fdatasync() is not tried again: the kernel may have
 * dropped what it could not write and call it clean, and a second one would say that all is well.
 * What was dropped shows in its checksum. */
static void seal(struct spool *spool, bool sync) {
    if (spool->write_fd >= 0) {
        if (sync) {
            fdatasync(spool->write_fd);
        }
        close(spool->write_fd);
        spool->write_fd = -1;
    }
}

void spool_free(struct spool *spool, bool sync) {
    if (spool != NULL) {
        seal(spool, sync);
        stop_reading(spool);
        buf_fini(&spool->label_room);
        buf_fini(&spool->scratch);
        free(spool->pieces);
        free(spool);
    }
}

bool spool_is_empty(const struct spool *spool) {
    return spool->acked.seq > spool->last.seq;
}

struct segment_batch spool_last(const struct spool *spool) {
    return spool->last;
}

struct spool_mark spool_start(const struct spool *spool) {
    return spool->acked;
}

const struct segment_label *spool_label(const struct spool *spool) {
    return &spool->label;
}

uint64_t spool_bytes(const struct spool *spool) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < spool->pieces_n; i++) {
        bytes += spool->pieces[i].bytes;
    }
    return bytes;
}

static struct spooldir_segment name_of(const struct spool *spool, const struct piece *piece) {
    return (struct spooldir_segment){.stream = spool->stream,
                                     .lane = spool->lane,
                                     .number = piece->number,
                                     .bytes = piece->bytes};
}

static enum err add_piece(struct spool *spool, struct piece piece) {
    if (spool->pieces_n == spool->pieces_cap) {
        const size_t cap = spool->pieces_cap > 0 ? 2 * spool->pieces_cap : 16;
        struct piece *pieces =
            cap <= SPOOL_SEGMENTS_MAX ? realloc(spool->pieces, cap * sizeof *pieces) : NULL;
        if (pieces == NULL) {
            return cap <= SPOOL_SEGMENTS_MAX ? ERR_MEMORY : ERR_TOO_LONG;
        }
        spool->pieces = pieces;
        spool->pieces_cap = cap;
    }
    spool->pieces[spool->pieces_n++] = piece;
    return ERR_OK;
}

static void drop_pieces(struct spool *spool, size_t n) {
    spool->pieces_n -= n;
    memmove(spool->pieces, spool->pieces + n, spool->pieces_n * sizeof *spool->pieces);
}

/* Writing */

static bool write_at(int fd, uint64_t at, const struct buf *bytes) {
    for (size_t done = 0; done < bytes->len;) {
        const ssize_t n = pwrite(fd, bytes->ptr + done, bytes->len - done, (off_t)(at + done));
        if (n <= 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static enum err cannot_write(const struct spool *spool, int error, struct why *why) {
    return why_set(why, ERR_IO,
                   "cannot write to the spool in %s: %s; free some space or set " SPOOLDIR_SETTING
                   " to another place",
                   spool->dir->path, strerror(error));
}

static enum err over_bound(const struct spool *spool, struct why *why) {
    return why_set(why, ERR_TOO_LONG,
                   "the spool in %s is full: its bound is %llu bytes (TOCSIN_SPOOL_BYTES)",
                   spool->dir->path, (unsigned long long)spool->dir->limit_bytes);
}

/* Writes the head of piece into a file that exists. */
static enum err begin_file(struct spool *spool, int fd, const struct segment_label *label,
                           const struct segment_batch *first, struct piece *piece,
                           struct why *why) {
    struct segment_head head = {.stream = spool->stream,
                                .lane = spool->lane,
                                .number = piece->number,
                                .first_seq = first->seq,
                                .first_calls = first->calls_before,
                                .label = *label};
    if (getrandom(&head.key, sizeof head.key, GRND_NONBLOCK) != sizeof head.key) {
        return cannot_write(spool, EAGAIN, why);
    }
    buf_clear(&spool->scratch);
    enum err err = segment_put_head(&head, &spool->scratch);
    if (err != ERR_OK) {
        return why_set(why, err, "the spool cannot describe its run: %s", err_text(err));
    }
    if (!write_at(fd, 0, &spool->scratch)) {
        return cannot_write(spool, errno, why);
    }
    piece->bytes = spool->scratch.len;
    err = add_piece(spool, *piece);
    if (err != ERR_OK) {
        return why_set(why, err, "the spool cannot grow: %s", err_text(err));
    }
    spool->write_key = head.key;
    return ERR_OK;
}

/* Begins a new segment for what comes from `first` on. */
static enum err begin_piece(struct spool *spool, const struct segment_label *label,
                            const struct segment_batch *first, struct why *why) {
    struct piece piece = {.number = spool->next_number};
    seal(spool, true);
    spooldir_claim(spool->dir, &spool->stream);
    const struct spooldir_segment name = name_of(spool, &piece);
    const int fd = spooldir_open_segment(spool->dir, &name, true);
    if (fd < 0) {
        return cannot_write(spool, errno, why);
    }
    enum err err = begin_file(spool, fd, label, first, &piece, why);
    if (err != ERR_OK) {
        close(fd);
        spooldir_remove(spool->dir, &name);
        return err;
    }
    spooldir_sync(spool->dir);
    spool->dir->used_bytes += piece.bytes;
    spool->next_number++;
    spool->write_fd = fd;
    return ERR_OK;
}

/* Where an append goes: the last piece, or a new one. */
static enum err make_place(struct spool *spool, const struct segment_batch *batch, uint64_t bytes,
                           struct why *why) {
    const bool fits = spool->write_fd >= 0 &&
                      spool->pieces[spool->pieces_n - 1].bytes + bytes <= SEGMENT_BYTES_TARGET;
    if (!fits) {
        spooldir_count(spool->dir);
        bytes += sizeof(struct segment_head) + spool->label.hello.len;
    }
    if (!spooldir_has_room(spool->dir, spool->lane, bytes)) {
        return over_bound(spool, why);
    }
    return fits ? ERR_OK : begin_piece(spool, &spool->label, batch, why);
}

static enum err write_record(struct spool *spool, const struct segment_batch *batch,
                             struct str items, struct why *why) {
    struct piece *piece = &spool->pieces[spool->pieces_n - 1];
    buf_clear(&spool->scratch);
    const enum err err = segment_put_record(spool->write_key, batch, items, &spool->scratch);
    if (err != ERR_OK) {
        return why_set(why, err, "a batch cannot be spooled: %s", err_text(err));
    }
    if (!write_at(spool->write_fd, piece->bytes, &spool->scratch)) {
        const int error = errno;
        seal(spool, false);
        return cannot_write(spool, error, why);
    }
    /* The disk begins now what the end of the segment waits for. */
    sync_file_range(spool->write_fd, (off_t)piece->bytes, (off_t)spool->scratch.len,
                    SYNC_FILE_RANGE_WRITE);
    piece->bytes += spool->scratch.len;
    spool->dir->used_bytes += spool->scratch.len;
    return ERR_OK;
}

enum err spool_append(struct spool *spool, const struct segment_batch *batch, struct str items,
                      struct why *why) {
    enum err err = make_place(spool, batch, items.len + OVERHEAD_BYTES, why);
    if (err == ERR_OK) {
        err = write_record(spool, batch, items, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (spool_is_empty(spool)) {
        spool->acked.seq = batch->seq;
        spool->acked.calls = batch->calls_before;
        spool->acked.number = spool->pieces[spool->pieces_n - 1].number;
        spool->acked.offset = 0;
    }
    spool->last = *batch;
    return ERR_OK;
}

/* The label's texts, one behind the other in room. */
static enum err copy_label(const struct segment_label *label, struct buf *room,
                           struct segment_label *out) {
    const struct str texts[3] = {label->hello, label->endpoints, label->ring_path};
    enum err err = ERR_OK;
    for (int i = 0; err == ERR_OK && i < 3; i++) {
        err = buf_append(room, texts[i].ptr, texts[i].len);
    }
    if (err == ERR_OK) {
        const char *at = (const char *)room->ptr;
        *out = *label;
        out->hello.ptr = at;
        out->endpoints.ptr = at + label->hello.len;
        out->ring_path.ptr = out->endpoints.ptr + label->endpoints.len;
    }
    return err;
}

/* A segment that has nothing but the new label. It is not held back by the bound: without it a full
 * spool could not be delivered to another database. */
static enum err write_label(struct spool *spool, const struct segment_label *label,
                            struct why *why) {
    const struct segment_batch next = {
        .seq = spool->last.seq + 1, .calls_before = spool->last.calls_before + spool->last.calls};
    enum err err = begin_piece(spool, label, &next, why);
    if (err == ERR_OK && fdatasync(spool->write_fd) != 0) {
        err = cannot_write(spool, errno, why);
        seal(spool, false);
        const struct spooldir_segment name = name_of(spool, &spool->pieces[--spool->pieces_n]);
        spooldir_remove(spool->dir, &name);
    }
    return err;
}

enum err spool_set_label(struct spool *spool, const struct segment_label *label, struct why *why) {
    struct segment_label copy;
    struct buf room;
    buf_init(&room, LABEL_BYTES_MAX);
    enum err err = copy_label(label, &room, &copy);
    if (err != ERR_OK) {
        err = why_set(why, err, "cannot keep who writes a spool: %s", err_text(err));
    } else if (!spool_is_empty(spool)) {
        err = write_label(spool, &copy, why);
    }
    if (err != ERR_OK) {
        buf_fini(&room);
        return err;
    }
    buf_fini(&spool->label_room);
    spool->label_room = room;
    spool->label = copy;
    return ERR_OK;
}

/* Reading */

/* Opens a piece, if it is not open. False: no segment that can be read. */
static bool open_piece(struct spool *spool, const struct piece *piece, struct buf *room,
                       struct segment_head *out_head) {
    struct open_piece *reading = &spool->reading;
    const struct spooldir_segment name = name_of(spool, piece);
    stop_reading(spool);
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

void spool_refuse(struct spool_mark *mark, const struct segment_batch *batch) {
    mark->lost += batch->calls;
}

/* The mark is at the batch that was found, or before the hole in front of it: what lies between is
 * not searched again. */
static void advance(struct spool_mark *mark, const struct piece *piece,
                    const struct segment_found *found) {
    mark->number = piece->number;
    mark->offset = found->begin;
    lose_before(mark, found->batch.calls_before);
    if (found->batch.seq == mark->seq) {
        mark->offset = found->next;
        mark->calls += found->batch.calls;
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
    }
    const bool readable = here && segment_read_items(spool->reading.fd, &found, out_items);
    if (here && !readable) {
        spool_refuse(mark, &batch);
    }
    if (!readable) {
        buf_clear(out_items);
        batch.items = batch.calls = 0;
    }
    batch.seq = mark->seq++;
    *out_batch = batch;
    return true;
}

void spool_acknowledge(struct spool *spool, const struct spool_mark *mark) {
    size_t n = 0;
    spool->acked = *mark;
    if (spool_is_empty(spool)) {
        seal(spool, false);
        n = spool->pieces_n;
    }
    while (n < spool->pieces_n && spool->pieces[n].number < mark->number) {
        n++;
    }
    if (n == 0) {
        return;
    }
    stop_reading(spool);
    for (size_t i = 0; i < n; i++) {
        const struct spooldir_segment name = name_of(spool, &spool->pieces[i]);
        spooldir_remove(spool->dir, &name);
    }
    drop_pieces(spool, n);
    spooldir_sync(spool->dir);
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
        found->err = add_piece(found->spool, (struct piece){segment->number, segment->bytes});
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
            const enum err err = copy_label(&head.label, &spool->label_room, &spool->label);
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

void spool_expect(struct spool *spool, uint64_t first_seq, uint64_t first_calls,
                  const struct segment_batch *last) {
    if (first_seq < spool->acked.seq || spool_is_empty(spool)) {
        spool->acked.seq = first_seq;
        spool->acked.calls = first_calls;
    }
    if (last->seq > spool->last.seq) {
        spool->last = *last;
    }
}
