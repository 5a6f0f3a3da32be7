/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/backlog.h"

#include <string.h>

#include "emitter/notice.h"
#include "schema/wire/clock.h"

#define MOVE_NS  (10 * CLOCK_NS_PER_MS) /* at a stretch: answers and alerts wait meanwhile */
#define RETRY_NS (1 * CLOCK_NS_PER_S)   /* after a failure */

/* How full a ring may be, in eighths. A collector that takes batches gets a little longer: what it
 * takes from memory need not be written and read again. */
#define FULL_ABSENT  4
#define FULL_SENDING 6

void backlog_open(struct backlog *backlog, const struct wire_id *stream,
                  const struct backlog_spec *spec) {
    char place[PLACE_PATH_BYTES_MAX];
    struct why why;
    const char *dir = spec->dir;
    enum err err = ERR_OK;
    *backlog = (struct backlog){.stream = *stream, .quiet = spec->quiet};
    if (dir == NULL) {
        err = spooldir_place(sizeof place, place, &why);
        dir = place;
    }
    if (err == ERR_OK) {
        err = spooldir_open(dir, spec->limit_bytes, &backlog->dir, &why);
    }
    if (err != ERR_OK) {
        notice_say(spec->quiet, "no spool on disk, a long outage will cost calls: %s", why.text);
    }
}

const char *backlog_dir(const struct backlog *backlog) {
    return backlog->dir.path[0] != '\0' ? backlog->dir.path : NULL;
}

static struct str content(const struct buf *buf) {
    return (struct str){.ptr = (const char *)buf->ptr, .len = buf->len};
}

enum err backlog_begin(struct backlog *backlog, struct lane *lanes, const struct backlog_spec *spec,
                       const struct buf *hello, struct why *why) {
    struct segment_label label = {.hello = content(hello),
                                  .endpoints = str_of(spec->endpoints),
                                  .ring_path = str_of(spec->ring_path)};
    for (int i = 0; i < WIRE_LANES && backlog_dir(backlog) != NULL; i++) {
        backlog->spools[i] = spool_new(&backlog->dir, &backlog->stream, (enum wire_lane)i);
        if (backlog->spools[i] == NULL) {
            return why_set(why, ERR_MEMORY, "out of memory");
        }
        lanes[i].spool = backlog->spools[i];
        const enum err err = spool_set_label(backlog->spools[i], &label, why);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static enum err recover_spool(struct backlog *backlog, enum wire_lane lane, bool *out_any,
                              struct why *why) {
    struct spool *spool = spool_new(&backlog->dir, &backlog->stream, lane);
    const enum err err = spool != NULL ? spool_recover(spool) : ERR_MEMORY;
    backlog->spools[lane] = spool;
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return why_set(why, err, "cannot read the spool in %s: %s", backlog->dir.path,
                       err_text(err));
    }
    if (err == ERR_OK) {
        const uint64_t generation = spool_label(spool)->generation;
        *out_any = true;
        backlog->generation = generation > backlog->generation ? generation : backlog->generation;
    }
    return ERR_OK;
}

enum err backlog_recover(struct backlog *backlog, const struct wire_id *stream, const char *dir,
                         bool *out_any, struct why *why) {
    *backlog = (struct backlog){.stream = *stream, .quiet = true};
    *out_any = false;
    enum err err = spooldir_open(dir, 0, &backlog->dir, why);
    if (err != ERR_OK) {
        return err;
    }
    if (!spooldir_claim(&backlog->dir, stream)) {
        err = why_set(why, ERR_NOT_FOUND, "a living process has it");
    }
    for (int i = 0; err == ERR_OK && i < WIRE_LANES; i++) {
        err = recover_spool(backlog, (enum wire_lane)i, out_any, why);
    }
    if (err != ERR_OK) {
        backlog_close(backlog, NULL, false);
    }
    return err;
}

void backlog_adopt(struct backlog *backlog, struct lane *lanes, bool has_ring) {
    for (int i = 0; i < WIRE_LANES; i++) {
        struct spool *spool = backlog->spools[i];
        const bool any = spool != NULL && spool_last(spool).seq > 0;
        lanes[i].spool = has_ring || any ? spool : NULL;
        if (has_ring) {
            lane_recover(&lanes[i]);
        } else {
            lane_recover_spool(&lanes[i], backlog->generation);
        }
    }
}

/* Says it once, and leaves the disk alone for a moment. */
static void note_failure(struct backlog *backlog, enum err err, const struct why *why) {
    backlog->retry_at_ns = clock_mono_ns() + RETRY_NS;
    if (!backlog->told[err]) {
        backlog->told[err] = true;
        notice_say(backlog->quiet, "%s", why->text);
    }
}

static void note_doubt(struct backlog *backlog, const struct spool *spool) {
    const int error = spool_sync_error(spool);
    if (error != 0 && !backlog->told_doubt) {
        backlog->told_doubt = true;
        notice_say(backlog->quiet,
                   "the disk under the spool in %s fails: %s; what it loses will be counted as "
                   "dropped; set " SPOOLDIR_SETTING " to another place",
                   backlog->dir.path, strerror(error));
    }
}

/* Moves one batch. False: none is left, or it could not be moved. */
static bool move(struct backlog *backlog, struct lane *lane, struct batcher *batcher) {
    struct why why;
    const enum err err = lane_spool(lane, batcher, &why);
    note_doubt(backlog, lane->spool);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        note_failure(backlog, err, &why);
    }
    return err == ERR_OK;
}

void backlog_move(struct backlog *backlog, struct lane *lane, struct batcher *batcher,
                  bool is_sending) {
    const struct ring *ring = lane->source.ring;
    const uint64_t full = ring->size / 8 * (is_sending ? FULL_SENDING : FULL_ABSENT);
    if (lane->spool == NULL || ring_used(ring) <= full) {
        return;
    }
    const int64_t now_ns = clock_mono_ns();
    if (now_ns < backlog->retry_at_ns) {
        return;
    }
    while (ring_used(ring) > full && clock_mono_ns() - now_ns < MOVE_NS &&
           move(backlog, lane, batcher)) {
    }
}

bool backlog_flush(struct backlog *backlog, struct lane *lanes, struct batcher *batcher,
                   int64_t deadline_ns) {
    bool all = true;
    for (int i = 0; i < WIRE_LANES; i++) {
        while (lanes[i].spool != NULL && clock_mono_ns() < deadline_ns &&
               move(backlog, &lanes[i], batcher)) {
        }
        all = all && lane_is_released(&lanes[i]);
    }
    return all;
}

enum err backlog_relabel(struct backlog *backlog, const struct lane *lanes, const struct buf *hello,
                         struct why *why) {
    enum err err = ERR_OK;
    backlog->generation++;
    for (int i = 0; err == ERR_OK && i < WIRE_LANES && backlog->spools[i] != NULL; i++) {
        struct segment_label label = *spool_label(backlog->spools[i]);
        label.hello = content(hello);
        label.generation = backlog->generation;
        lane_label(&lanes[i], &label);
        err = spool_set_label(backlog->spools[i], &label, why);
    }
    if (err != ERR_OK && why != NULL) {
        note_failure(backlog, err, why);
    }
    return err;
}

/* Calls that were lost on the way are told with every batch; whoever delivers the rest must know of
 * them. */
static void keep_lost(struct spool *spool, const struct lane *lane) {
    const uint64_t lost = atomic_load(&lane->file->lost_calls);
    struct segment_label label = *spool_label(spool);
    if (lost > label.lost && !spool_is_empty(spool)) {
        label.lost = lost;
        const enum err err = spool_set_label(spool, &label, NULL);
        (void)err; /* the count is then too low, but nothing else is lost */
    }
}

bool backlog_close(struct backlog *backlog, const struct lane *lanes, bool sync) {
    bool safe = true;
    for (int i = 0; i < WIRE_LANES; i++) {
        if (backlog->spools[i] != NULL) {
            if (lanes != NULL) {
                keep_lost(backlog->spools[i], &lanes[i]);
            }
            safe = spool_free(backlog->spools[i], sync) && safe;
            backlog->spools[i] = NULL;
        }
    }
    if (backlog_dir(backlog) != NULL) {
        spooldir_release(&backlog->dir, &backlog->stream);
        spooldir_close(&backlog->dir);
    }
    return safe;
}
