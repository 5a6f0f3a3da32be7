/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "emitter/spool_pieces.h"

#define OVERHEAD_BYTES 64 /* of a record, with its padding */

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

/* Nothing is appended to it any more. What a failed fdatasync() leaves in doubt is written again,
 * elsewhere and once. */
static void seal(struct spool *spool, bool sync) {
    const int fd = spool->write_fd;
    if (fd >= 0) {
        const int error = sync && fdatasync(fd) != 0 ? errno : 0;
        close(fd);
        spool->write_fd = -1;
        if (error != 0 && !spool_rescue(spool)) {
            spool->sync_error = error;
        }
    }
}

bool spool_free(struct spool *spool, bool sync) {
    bool safe = true;
    if (spool != NULL) {
        seal(spool, sync);
        safe = spool->sync_error == 0;
        spool_stop_reading(spool);
        buf_fini(&spool->label_room);
        buf_fini(&spool->scratch);
        free(spool->pieces);
        free(spool);
    }
    return safe;
}

int spool_sync_error(const struct spool *spool) {
    return spool->sync_error;
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

static void drop_pieces(struct spool *spool, size_t n) {
    spool->pieces_n -= n;
    memmove(spool->pieces, spool->pieces + n, spool->pieces_n * sizeof *spool->pieces);
}

enum err spool_add_piece(struct spool *spool, struct piece piece) {
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
                                .first_dropped = first->dropped_before,
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
    err = spool_add_piece(spool, *piece);
    if (err != ERR_OK) {
        return why_set(why, err, "the spool cannot grow: %s", err_text(err));
    }
    spool->write_key = head.key;
    return ERR_OK;
}

enum err spool_begin_piece(struct spool *spool, const struct segment_label *label,
                           const struct segment_batch *first, struct why *why) {
    seal(spool, true);
    struct piece piece = {.number = spool->next_number};
    spooldir_claim(spool->dir, &spool->stream);
    const struct spooldir_segment name = spool_name_of(spool, &piece);
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
    return fits ? ERR_OK : spool_begin_piece(spool, &spool->label, batch, why);
}

enum err spool_write_record(struct spool *spool, const struct segment_batch *batch,
                            struct str items, struct why *why) {
    struct piece *piece = &spool->pieces[spool->pieces_n - 1];
    buf_clear(&spool->scratch);
    const enum err err = segment_put_record(spool->write_key, batch, items, &spool->scratch);
    if (err != ERR_OK) {
        return why_set(why, err, "a batch cannot be spooled: %s", err_text(err));
    }
    if (!write_at(spool->write_fd, piece->bytes, &spool->scratch)) {
        const int error = errno;
        seal(spool, true);
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
        err = spool_write_record(spool, batch, items, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (spool_is_empty(spool)) {
        spool->acked.seq = batch->seq;
        spool->acked.calls = batch->calls_before;
        spool->acked.dropped = batch->dropped_before;
        spool->acked.number = spool->pieces[spool->pieces_n - 1].number;
        spool->acked.offset = 0;
    }
    spool->last = *batch;
    return ERR_OK;
}

enum err spool_copy_label(const struct segment_label *label, struct buf *room,
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
    const struct segment_batch next = {.seq = spool->last.seq + 1,
                                       .dropped_before = spool->last.dropped,
                                       .calls_before =
                                           spool->last.calls_before + spool->last.calls};
    enum err err = spool_begin_piece(spool, label, &next, why);
    if (err == ERR_OK && fdatasync(spool->write_fd) != 0) {
        err = cannot_write(spool, errno, why);
        seal(spool, false);
        const struct spooldir_segment name =
            spool_name_of(spool, &spool->pieces[--spool->pieces_n]);
        spooldir_remove(spool->dir, &name);
    }
    return err;
}

enum err spool_set_label(struct spool *spool, const struct segment_label *label, struct why *why) {
    struct segment_label copy;
    struct buf room;
    buf_init(&room, LABEL_BYTES_MAX);
    enum err err = spool_copy_label(label, &room, &copy);
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

void spool_acknowledge(struct spool *spool, const struct spool_mark *mark) {
    size_t n = 0;
    spool->acked = *mark;
    if (spool_is_empty(spool)) {
        seal(spool, false);
        spool->sync_error = 0;
        n = spool->pieces_n;
    }
    while (n < spool->pieces_n && spool->pieces[n].number < mark->number) {
        n++;
    }
    if (n == 0) {
        return;
    }
    spool_stop_reading(spool);
    for (size_t i = 0; i < n; i++) {
        const struct spooldir_segment name = spool_name_of(spool, &spool->pieces[i]);
        spooldir_remove(spool->dir, &name);
    }
    drop_pieces(spool, n);
    spooldir_sync(spool->dir);
}
