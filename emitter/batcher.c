/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/batcher.h"

#include <stdlib.h>
#include <string.h>

#include "emitter/records.h"

#define GROUPS_MAX 256 /* keysets in one batch */

/* At most, besides texts and arrays. */
#define ITEM_BYTES  48
#define FRAME_BYTES (64 + 2 * ITEM_BYTES) /* with a gap, and the one that a damaged spool adds */
#define NAME_BYTES  5
#define CALL_BYTES  16 /* step and time */

struct group { /* the calls of a range that share a keyset */
    const struct keysets_entry *entry;
    uint32_t keyset;
    uint32_t calls;
};

struct batcher {
    struct buf frame;
    uint32_t groups_n;
    uint32_t events_n;
    uint32_t definitions_n;
    struct group groups[GROUPS_MAX];
    uint16_t group_of[KEYSETS_MAX]; /* number of the keyset's group + 1; 0: none */
    struct str names[WIRE_KEYSET_COLUMNS_MAX];
};

struct batcher *batcher_new(void) {
    struct batcher *batcher = calloc(1, sizeof *batcher);
    if (batcher != NULL) {
        buf_init(&batcher->frame, WIRE_FRAME_BYTES_MAX);
    }
    return batcher;
}

void batcher_free(struct batcher *batcher) {
    if (batcher != NULL) {
        buf_fini(&batcher->frame);
        free(batcher);
    }
}

static void clear(struct batcher *batcher) {
    for (uint32_t i = 0; i < batcher->groups_n; i++) {
        batcher->group_of[batcher->groups[i].keyset] = 0;
    }
    batcher->groups_n = batcher->events_n = batcher->definitions_n = 0;
}

static bool is_defined_by(const struct keysets_entry *entry, uint64_t seq) {
    return entry->first_seq == 0 || entry->first_seq >= seq;
}

static uint64_t definition_bytes(const struct keysets_entry *entry) {
    return ITEM_BYTES + (uint64_t)entry->names_bytes + (uint64_t)entry->columns * NAME_BYTES;
}

/* The group of a keyset, made if there is room. NULL: no room, or no such keyset. */
static struct group *group_of(struct batcher *batcher, const struct keysets *keysets,
                              uint32_t keyset) {
    const struct keysets_entry *entry = keysets_get(keysets, keyset);
    if (entry == NULL) {
        return NULL;
    }
    const uint16_t known = batcher->group_of[keyset];
    if (known > 0) {
        return &batcher->groups[known - 1];
    }
    if (batcher->groups_n == GROUPS_MAX) {
        return NULL;
    }
    struct group *group = &batcher->groups[batcher->groups_n++];
    *group = (struct group){.entry = entry, .keyset = keyset};
    batcher->group_of[keyset] = (uint16_t)batcher->groups_n;
    return group;
}

/* Counts a call of batch seq in. False: the batch has no place for it. */
static bool count_call(struct batcher *batcher, const struct keysets *keysets,
                       const struct ring_record *record, uint64_t seq) {
    const uint8_t *values;
    const struct records_call call = records_read_call(record, &values);
    struct group *group = group_of(batcher, keysets, call.keyset);
    if (group == NULL || group->calls == WIRE_BLOCK_CALLS_MAX) {
        return false;
    }
    if (group->calls++ == 0 && is_defined_by(group->entry, seq)) {
        batcher->definitions_n++;
    }
    return true;
}

static bool count(struct batcher *batcher, const struct batcher_source *source,
                  const struct ring_record *record, uint64_t seq) {
    if (record->kind == RING_CALL) {
        return count_call(batcher, source->keysets, record, seq);
    }
    if (batcher->events_n == WIRE_ITEMS_MAX) {
        return false;
    }
    batcher->events_n++;
    return true;
}

/* What a record adds to the frame of batch seq, if it is the next one in it; out_again: what it
 * adds besides if its keyset must be defined once more. */
static uint64_t added_bytes(const struct batcher *batcher, const struct batcher_source *source,
                            const struct ring_record *record, uint64_t seq, uint64_t *out_again) {
    *out_again = 0;
    if (record->kind != RING_CALL) {
        return ITEM_BYTES + (uint64_t)record->len;
    }
    const uint8_t *values;
    const struct records_call call = records_read_call(record, &values);
    const struct keysets_entry *entry = keysets_get(source->keysets, call.keyset);
    uint64_t bytes = CALL_BYTES + (uint64_t)call.columns * 8;
    if (entry != NULL && batcher->group_of[call.keyset] == 0) {
        const bool now = is_defined_by(entry, seq);
        bytes += ITEM_BYTES + (now ? definition_bytes(entry) : 0);
        *out_again = now ? 0 : definition_bytes(entry);
    }
    return bytes;
}

struct batcher_range batcher_cut(struct batcher *batcher, const struct batcher_source *source,
                                 uint64_t start, uint64_t seq) {
    struct batcher_range range = {.seq = seq, .start = start, .end = start, .bytes = FRAME_BYTES};
    struct ring_record record;
    uint64_t again = 0; /* bytes of definitions that were sent before */
    clear(batcher);
    while (ring_read(source->ring, range.end, &record)) {
        uint64_t more;
        const uint64_t added = added_bytes(batcher, source, &record, seq, &more);
        const bool too_long =
            range.end > start && (range.bytes + added > WIRE_FRAME_BYTES_TARGET ||
                                  range.bytes + added + again + more > WIRE_FRAME_BYTES_MAX);
        if (too_long || !count(batcher, source, &record, seq)) {
            range.full = true;
            break;
        }
        range.end = record.next;
        range.bytes += added;
        again += more;
        range.calls++;
    }
    return range;
}

void batcher_settle(struct batcher *batcher, const struct batcher_source *source, uint64_t seq) {
    for (uint32_t i = 0; i < batcher->groups_n; i++) {
        const struct group *group = &batcher->groups[i];
        if (is_defined_by(group->entry, seq)) {
            keysets_define(source->keysets, group->keyset, seq);
        }
    }
}

static enum err put_alert(struct batcher *batcher, const struct ring_record *record) {
    const struct wire_alert alert = records_read_alert(record);
    return wire_put_alert(&alert, &batcher->frame);
}

static enum err put_finish(struct batcher *batcher, const struct ring_record *record) {
    const struct wire_finish finish = records_read_finish(record);
    return wire_put_finish(&finish, &batcher->frame);
}

static enum err put_config(struct batcher *batcher, const struct ring_record *record) {
    return wire_put_config(records_read_config(record), &batcher->frame);
}

/* The kinds of record that become an item of their own; calls become blocks. */
static enum err (*const put_event[])(struct batcher *, const struct ring_record *) = {
    [RING_ALERT] = put_alert,
    [RING_FINISH] = put_finish,
    [RING_CONFIG] = put_config,
};

static enum err put_events(struct batcher *batcher, const struct ring *ring, uint64_t start) {
    struct ring_record record;
    uint64_t at = start;
    enum err err = ERR_OK;
    for (uint32_t i = 0; err == ERR_OK && i < batcher->events_n && ring_read(ring, at, &record);
         at = record.next) {
        if (record.kind != RING_CALL) {
            err = put_event[record.kind](batcher, &record);
            i++;
        }
    }
    return err;
}

static enum err put_definitions(struct batcher *batcher, const struct keysets *keysets,
                                uint64_t seq) {
    enum err err = ERR_OK;
    for (uint32_t i = 0; err == ERR_OK && i < batcher->groups_n; i++) {
        const struct keysets_entry *entry = batcher->groups[i].entry;
        if (is_defined_by(entry, seq)) {
            keysets_names(keysets, entry, batcher->names);
            err = wire_put_keyset(entry->id, (enum wire_series)entry->kind, entry->columns,
                                  batcher->names, &batcher->frame);
        }
    }
    return err;
}

static void put_call(const struct records_call *call, const uint8_t *values, uint32_t calls,
                     uint32_t i, const struct wire_block_room *room) {
    wire_store_u64(room->steps, i, (uint64_t)call->step);
    wire_store_u64(room->times_ns, i, (uint64_t)call->time_ns);
    for (size_t c = 0; c < call->columns; c++) {
        uint64_t bits;
        memcpy(&bits, values + 8 * c, sizeof bits);
        wire_store_u64(room->values, c * calls + i, bits);
    }
}

static enum err put_block(struct batcher *batcher, const struct ring *ring, uint64_t start,
                          const struct group *group) {
    struct wire_block_room room;
    enum err err = wire_put_block(group->entry->id, group->entry->columns, group->calls,
                                  &batcher->frame, &room);
    struct ring_record record;
    uint64_t at = start;
    for (uint32_t i = 0; err == ERR_OK && i < group->calls && ring_read(ring, at, &record);
         at = record.next) {
        if (record.kind != RING_CALL) {
            continue;
        }
        const uint8_t *values;
        const struct records_call call = records_read_call(&record, &values);
        if (call.keyset == group->keyset) {
            put_call(&call, values, group->calls, i++, &room);
        }
    }
    return err;
}

static void count_range(struct batcher *batcher, const struct batcher_source *source,
                        const struct batcher_range *range, uint64_t seq) {
    struct ring_record record;
    clear(batcher);
    for (uint64_t at = range->start; at < range->end && ring_read(source->ring, at, &record);
         at = record.next) {
        count(batcher, source, &record, seq);
    }
}

/* Any number counts as the first of every keyset. */
#define SEQ_DEFINES_ALL 0

static uint32_t items_n(const struct batcher *batcher, const struct batcher_range *range) {
    return (range->gap != NULL) + batcher->definitions_n + batcher->groups_n + batcher->events_n;
}

static enum err put_items(struct batcher *batcher, const struct batcher_source *source,
                          const struct batcher_range *range, uint64_t seq) {
    enum err err = range->gap != NULL ? wire_put_gap(range->gap, &batcher->frame) : ERR_OK;
    if (err == ERR_OK) {
        err = put_events(batcher, source->ring, range->start);
    }
    if (err == ERR_OK) {
        err = put_definitions(batcher, source->keysets, seq);
    }
    for (uint32_t i = 0; err == ERR_OK && i < batcher->groups_n; i++) {
        err = put_block(batcher, source->ring, range->start, &batcher->groups[i]);
    }
    return err;
}

static struct str content(const struct batcher *batcher) {
    return (struct str){.ptr = (const char *)batcher->frame.ptr, .len = batcher->frame.len};
}

enum err batcher_build(struct batcher *batcher, const struct batcher_source *source,
                       const struct batcher_range *range, const struct wire_batch *head,
                       struct str *out_frame) {
    count_range(batcher, source, range, range->seq);
    buf_clear(&batcher->frame);
    enum err err = wire_begin_batch(head, items_n(batcher, range), &batcher->frame);
    if (err == ERR_OK) {
        err = put_items(batcher, source, range, range->seq);
    }
    if (err == ERR_OK) {
        *out_frame = content(batcher);
    }
    return err;
}

enum err batcher_build_items(struct batcher *batcher, const struct batcher_source *source,
                             const struct batcher_range *range, struct str *out_items,
                             uint32_t *out_n) {
    count_range(batcher, source, range, SEQ_DEFINES_ALL);
    buf_clear(&batcher->frame);
    const enum err err = put_items(batcher, source, range, SEQ_DEFINES_ALL);
    if (err == ERR_OK) {
        *out_items = content(batcher);
        *out_n = items_n(batcher, range);
    }
    return err;
}
