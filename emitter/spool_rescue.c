/* SPDX-License-Identifier: Apache-2.0 */
/* What a segment held whose fdatasync() failed, written again into another one. The kernel may have
 * dropped the pages that it could not write and call them clean, so a second fdatasync() of the
 * same file would say that all is well. Most file systems still have what was written in memory;
 * what they have not fails its checksum, and is lost and counted like everything unreadable. */

#include <errno.h>

#include "emitter/spool_pieces.h"

/* Copies one batch into the segment that is being written, or into a new one. */
static enum err copy(struct spool *spool, const struct segment_batch *batch,
                     const struct buf *items) {
    const struct str bytes = {.ptr = (const char *)items->ptr, .len = items->len};
    enum err err =
        spool->write_fd >= 0 ? ERR_OK : spool_begin_piece(spool, &spool->label, batch, NULL);
    return err == ERR_OK ? spool_write_record(spool, batch, bytes, NULL) : err;
}

/* Copies what is not acknowledged. */
static enum err copy_all(struct spool *spool, int fd, uint64_t key) {
    const uint64_t end = segment_end(fd);
    struct segment_found found;
    struct buf items;
    enum err err = ERR_OK;
    buf_init(&items, WIRE_FRAME_BYTES_MAX);
    for (uint64_t at = 0; err == ERR_OK && segment_find(fd, key, at, end, &found);
         at = found.next) {
        if (found.batch.seq >= spool->acked.seq && segment_read_items(fd, &found, &items)) {
            err = copy(spool, &found.batch, &items);
        }
    }
    buf_fini(&items);
    return err;
}

static void remove_piece(struct spool *spool, size_t i) {
    const struct spooldir_segment name = spool_name_of(spool, &spool->pieces[i]);
    spooldir_remove(spool->dir, &name);
    spool->pieces_n--;
    for (; i < spool->pieces_n; i++) {
        spool->pieces[i] = spool->pieces[i + 1];
    }
}

/* Whether all of the last segment that is not acknowledged is in a new one, and on disk. */
static bool copy_last(struct spool *spool) {
    const struct spooldir_segment name = spool_name_of(spool, &spool->pieces[spool->pieces_n - 1]);
    const int fd = spooldir_open_segment(spool->dir, &name, false);
    if (fd < 0) {
        return false;
    }
    bool safe = copy_all(spool, fd, spool->write_key) == ERR_OK && spool->write_fd >= 0;
    close(fd);
    if (spool->write_fd >= 0) {
        safe = fdatasync(spool->write_fd) == 0 && safe;
        close(spool->write_fd);
        spool->write_fd = -1;
    }
    return safe;
}

bool spool_rescue(struct spool *spool) {
    const size_t old = spool->pieces_n - 1;
    if (spool->rescuing) {
        return false; /* a copy that fails */
    }
    spool->rescuing = true;
    const bool safe = copy_last(spool);
    spool->rescuing = false;
    if (spool->pieces_n > old + 1) {
        spool_stop_reading(spool);
        remove_piece(spool, safe ? old : old + 1);
        spooldir_sync(spool->dir);
    }
    return safe;
}
