/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/batcher.h"

#include <stdlib.h>
#include <string.h>

#include "emitter/records.h"

#define GROUPS_MAX       256 /* keysets in one batch */
#define ITEM_BYTES_EXTRA 48  /* at most, around the arrays of a block or the texts of an event */

struct group {
    uint64_t keyset_id;
    uint32_t columns;
    uint32_t calls;
};

struct batcher {
    struct buf frame;
    uint32_t groups_n;
    uint32_t others_n; /* items that are no blocks */
    struct group groups[GROUPS_MAX];
    struct str names[WIRE_KEYSET_COLUMNS_MAX];
};

struct batcher *batcher_new(void)
{
    struct batcher *batcher = calloc(1, sizeof *batcher);
    if (batcher != NULL) {
        buf_init(&batcher->frame, WIRE_FRAME_BYTES_MAX);
    }
    return batcher;
}

void batcher_free(struct batcher *batcher)
{
    if (batcher != NULL) {
        buf_fini(&batcher->frame);
        free(batcher);
    }
}

static void groups_clear(struct batcher *batcher)
{
    batcher->groups_n = 0;
    batcher->others_n = 0;
}

static bool same(const struct group *group, const struct records_call *call)
{
    return group->keyset_id == call->keyset_id && group->columns == call->columns;
}

/* The call's group, made if there is room; NULL if there is none. */
static struct group *group_of(struct batcher *batcher, const struct records_call *call)
{
    for (uint32_t i = 0; i < batcher->groups_n; i++) {
        if (same(&batcher->groups[i], call)) {
            return &batcher->groups[i];
        }
    }
    if (batcher->groups_n == GROUPS_MAX) {
        return NULL;
    }
    struct group *group = &batcher->groups[batcher->groups_n++];
    *group = (struct group){.keyset_id = call->keyset_id, .columns = call->columns};
    return group;
}

/* Counts a record into the batch's groups. False: the batch has no place for it. */
static bool count(struct batcher *batcher, const struct ring_record *record)
{
    if (record->kind != RING_CALL) {
        return ++batcher->others_n <= WIRE_ITEMS_MAX - GROUPS_MAX;
    }
    const struct records_call call = records_read_call(record);
    struct group *group = group_of(batcher, &call);
    if (group == NULL || group->calls == WIRE_BLOCK_CALLS_MAX) {
        return false;
    }
    group->calls++;
    return true;
}

struct batcher_range batcher_cut(struct batcher *batcher, const struct ring *ring, uint64_t start)
{
    struct batcher_range range = {.start = start, .end = start};
    struct ring_record record;
    size_t bytes = 0;
    groups_clear(batcher);
    while (ring_read(ring, range.end, &record)) {
        bytes += record.len + (record.kind == RING_CALL ? 0 : ITEM_BYTES_EXTRA);
        if ((range.end > start && bytes > WIRE_FRAME_BYTES_TARGET) || !count(batcher, &record)) {
            range.full = true;
            break;
        }
        range.end = record.next;
        range.calls += record.kind == RING_CALL || record.kind == RING_ALERT;
    }
    return range;
}

static enum err put_keyset(struct batcher *batcher, const struct ring_record *record)
{
    const struct records_keyset keyset = records_read_keyset(record, batcher->names);
    return wire_put_keyset(keyset.keyset_id, keyset.kind, keyset.columns, batcher->names,
                           &batcher->frame);
}

static enum err put_alert(struct batcher *batcher, const struct ring_record *record)
{
    const struct wire_alert alert = records_read_alert(record);
    return wire_put_alert(&alert, &batcher->frame);
}

static enum err put_finish(struct batcher *batcher, const struct ring_record *record)
{
    const struct wire_finish finish = records_read_finish(record);
    return wire_put_finish(&finish, &batcher->frame);
}

static enum err put_config(struct batcher *batcher, const struct ring_record *record)
{
    return wire_put_config(records_read_config(record), &batcher->frame);
}

/* The kinds of record that become an item of their own; calls become blocks. */
static enum err (*const put_item[])(struct batcher *, const struct ring_record *) = {
    [RING_KEYSET] = put_keyset,
    [RING_ALERT] = put_alert,
    [RING_FINISH] = put_finish,
    [RING_CONFIG] = put_config,
};

static enum err put_others(struct batcher *batcher, const struct ring *ring, uint64_t start,
                           uint64_t end)
{
    struct ring_record record;
    enum err err = ERR_OK;
    for (uint64_t at = start; err == ERR_OK && at < end && ring_read(ring, at, &record);
         at = record.next) {
        if (record.kind != RING_CALL) {
            err = put_item[record.kind](batcher, &record);
        }
    }
    return err;
}

static void put_call(const struct records_call *call, const struct group *group, uint32_t i,
                     const struct wire_block_room *room)
{
    wire_store_u64(room->steps, i, (uint64_t)call->step);
    wire_store_u64(room->times_ns, i, (uint64_t)call->time_ns);
    for (size_t c = 0; c < group->columns; c++) {
        uint64_t bits;
        memcpy(&bits, call->values + 8 * c, sizeof bits);
        wire_store_u64(room->values, c * group->calls + i, bits);
    }
}

static enum err put_block(struct batcher *batcher, const struct ring *ring, uint64_t start,
                          uint64_t end, const struct group *group)
{
    struct wire_block_room room;
    enum err err = wire_put_block(group->keyset_id, group->columns, group->calls, &batcher->frame,
                                  &room);
    struct ring_record record;
    uint32_t i = 0;
    for (uint64_t at = start; err == ERR_OK && at < end && ring_read(ring, at, &record);
         at = record.next) {
        if (record.kind != RING_CALL) {
            continue;
        }
        const struct records_call call = records_read_call(&record);
        if (same(group, &call)) {
            put_call(&call, group, i++, &room);
        }
    }
    return err;
}

static void count_range(struct batcher *batcher, const struct ring *ring, uint64_t start,
                        uint64_t end)
{
    struct ring_record record;
    groups_clear(batcher);
    for (uint64_t at = start; at < end && ring_read(ring, at, &record); at = record.next) {
        count(batcher, &record);
    }
}

enum err batcher_build(struct batcher *batcher, const struct ring *ring, uint64_t start,
                       uint64_t end, const struct wire_batch *head, struct str *out_frame)
{
    count_range(batcher, ring, start, end);
    buf_clear(&batcher->frame);
    enum err err = wire_begin_batch(head, batcher->others_n + batcher->groups_n, &batcher->frame);
    if (err == ERR_OK) {
        err = put_others(batcher, ring, start, end);
    }
    for (uint32_t i = 0; err == ERR_OK && i < batcher->groups_n; i++) {
        err = put_block(batcher, ring, start, end, &batcher->groups[i]);
    }
    if (err == ERR_OK) {
        *out_frame =
            (struct str){.ptr = (const char *)batcher->frame.ptr, .len = batcher->frame.len};
    }
    return err;
}
