/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/reencode.h"

#include <string.h>

static enum err put_keyset(const struct wire_item *item, struct buf *out) {
    static struct str names[WIRE_KEYSET_COLUMNS_MAX];
    struct wire_cursor cursor = item->keyset.names;
    size_t n = 0;
    while (n < WIRE_KEYSET_COLUMNS_MAX && wire_next_name(&cursor, &names[n])) {
        n++;
    }
    return wire_put_keyset(item->keyset.keyset_id, item->keyset.kind, n, names, out);
}

static enum err put_block(const struct wire_item *item, struct buf *out) {
    const struct wire_block *block = &item->block;
    const size_t column_bytes = (size_t)block->calls * 8;
    struct wire_block_room room;
    enum err err = wire_put_block(block->keyset_id, block->columns, block->calls, out, &room);
    if (err == ERR_OK) {
        memcpy(room.steps, block->steps, column_bytes);
        memcpy(room.times_ns, block->times_ns, column_bytes);
        memcpy(room.values, block->values, column_bytes * block->columns);
    }
    return err;
}

static enum err put_alert(const struct wire_item *item, struct buf *out) {
    return wire_put_alert(&item->alert, out);
}

static enum err put_finish(const struct wire_item *item, struct buf *out) {
    return wire_put_finish(&item->finish, out);
}

static enum err put_config(const struct wire_item *item, struct buf *out) {
    return wire_put_config(item->config, out);
}

static enum err put_gap(const struct wire_item *item, struct buf *out) {
    return wire_put_gap(&item->gap, out);
}

static enum err (*const items[])(const struct wire_item *item, struct buf *out) = {
    [WIRE_ITEM_KEYSET] = put_keyset, [WIRE_ITEM_BLOCK] = put_block,   [WIRE_ITEM_ALERT] = put_alert,
    [WIRE_ITEM_FINISH] = put_finish, [WIRE_ITEM_CONFIG] = put_config, [WIRE_ITEM_GAP] = put_gap,
};

static enum err encode_batch(const struct wire_frame *frame, struct buf *out) {
    struct wire_cursor cursor = frame->batch.items;
    struct wire_item item;
    enum err err = wire_begin_batch(&frame->batch, cursor.items_left, out);
    while (err == ERR_OK && wire_next_item(&cursor, &item)) {
        const bool known = item.kind < sizeof items / sizeof items[0] && items[item.kind] != NULL;
        err = known ? items[item.kind](&item, out) : ERR_VALUE;
    }
    return err;
}

static enum err encode_hello(const struct wire_frame *frame, struct buf *out) {
    return wire_encode_hello(&frame->hello, out);
}

static enum err encode_welcome(const struct wire_frame *frame, struct buf *out) {
    return wire_encode_welcome(&frame->welcome, out);
}

static enum err encode_ack(const struct wire_frame *frame, struct buf *out) {
    return wire_encode_ack(&frame->ack, out);
}

static enum err encode_nack(const struct wire_frame *frame, struct buf *out) {
    return wire_encode_nack(&frame->nack, out);
}

static enum err encode_reject(const struct wire_frame *frame, struct buf *out) {
    return wire_encode_reject(&frame->reject, out);
}

static enum err (*const frames[])(const struct wire_frame *frame, struct buf *out) = {
    [WIRE_HELLO] = encode_hello, [WIRE_BATCH] = encode_batch, [WIRE_WELCOME] = encode_welcome,
    [WIRE_ACK] = encode_ack,     [WIRE_NACK] = encode_nack,   [WIRE_REJECT] = encode_reject,
};

enum err reencode_frame(const struct wire_frame *frame, struct buf *out) {
    if (frame->kind >= sizeof frames / sizeof frames[0] || frames[frame->kind] == NULL) {
        return ERR_VALUE;
    }
    return frames[frame->kind](frame, out);
}
