/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes go through wire_decode(). What it refuses must leave the output alone. What it accepts
 * must point into the frame only, must encode again to a frame that is not longer (the encoder
 * takes the shortest forms) and that means the same. */

#include <string.h>

#include "schema/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t *frame_start;
static const uint8_t *frame_end;

static void must_be_inside(const void *ptr, size_t len) {
    const uint8_t *p = ptr;
    FUZZ_MUST(p >= frame_start && p <= frame_end && len <= (size_t)(frame_end - p));
}

static void must_be_text(struct str s, size_t min_bytes, size_t max_bytes) {
    must_be_inside(s.ptr, s.len);
    FUZZ_MUST(s.len >= min_bytes && s.len <= max_bytes && str_is_text(s));
}

static void must_be_text_or_nil(struct str s, size_t max_bytes) {
    if (s.ptr != NULL) {
        must_be_text(s, 0, max_bytes);
    }
}

static enum err put_keyset(const struct wire_item *item, struct buf *out) {
    static struct str names[WIRE_KEYSET_COLUMNS_MAX];
    const struct wire_keyset *keyset = &item->keyset;
    struct wire_cursor cursor = keyset->names;
    size_t n = 0;
    FUZZ_MUST(keyset->columns >= 1 && keyset->columns <= WIRE_KEYSET_COLUMNS_MAX);
    while (wire_next_name(&cursor, &names[n])) {
        must_be_text(names[n], 1, WIRE_NAME_BYTES_MAX);
        n++;
    }
    FUZZ_MUST(n == keyset->columns);
    FUZZ_MUST(wire_keyset_id(keyset->kind, n, names) == keyset->keyset_id);
    return wire_put_keyset(keyset->keyset_id, keyset->kind, n, names, out);
}

static enum err put_block(const struct wire_item *item, struct buf *out) {
    const struct wire_block *block = &item->block;
    const size_t column_bytes = (size_t)block->calls * 8;
    must_be_inside(block->steps, column_bytes);
    must_be_inside(block->times_ns, column_bytes);
    must_be_inside(block->values, column_bytes * block->columns);
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
    must_be_text(item->alert.title, 1, WIRE_TITLE_BYTES_MAX);
    must_be_text_or_nil(item->alert.text, WIRE_TEXT_BYTES_MAX);
    must_be_text_or_nil(item->alert.webhook_url, WIRE_URL_BYTES_MAX);
    FUZZ_MUST(item->alert.level <= WIRE_LEVEL_ERROR && item->alert.time_ns > 0);
    return wire_put_alert(&item->alert, out);
}

static enum err put_finish(const struct wire_item *item, struct buf *out) {
    FUZZ_MUST(item->finish.ending <= WIRE_ENDING_FAILED && item->finish.time_ns > 0);
    return wire_put_finish(&item->finish, out);
}

static enum err put_config(const struct wire_item *item, struct buf *out) {
    must_be_text(item->config, 1, WIRE_CONFIG_BYTES_MAX);
    return wire_put_config(item->config, out);
}

static const struct {
    enum err (*put)(const struct wire_item *item, struct buf *out);
    enum wire_lane lane;
} items[] = {
    [WIRE_ITEM_KEYSET] = {put_keyset, WIRE_LANE_METRICS},
    [WIRE_ITEM_BLOCK] = {put_block, WIRE_LANE_METRICS},
    [WIRE_ITEM_ALERT] = {put_alert, WIRE_LANE_EVENTS},
    [WIRE_ITEM_FINISH] = {put_finish, WIRE_LANE_EVENTS},
    [WIRE_ITEM_CONFIG] = {put_config, WIRE_LANE_EVENTS},
};

static enum err encode_batch(const struct wire_frame *frame, struct buf *out) {
    const struct wire_batch *batch = &frame->batch;
    struct wire_cursor cursor = batch->items;
    struct wire_item item;
    uint32_t n = 0;
    FUZZ_MUST(batch->seq >= 1 && batch->lane < WIRE_LANES);
    enum err err = wire_begin_batch(batch, cursor.items_left, out);
    while (err == ERR_OK && wire_next_item(&cursor, &item)) {
        FUZZ_MUST(item.kind >= WIRE_ITEM_KEYSET && item.kind <= WIRE_ITEM_CONFIG);
        FUZZ_MUST(items[item.kind].lane == batch->lane);
        err = items[item.kind].put(&item, out);
        n++;
    }
    FUZZ_MUST(err != ERR_OK || n == batch->items.items_left);
    return err;
}

static enum err encode_hello(const struct wire_frame *frame, struct buf *out) {
    must_be_text(frame->hello.project, 1, WIRE_NAME_BYTES_MAX);
    must_be_text(frame->hello.name, 1, WIRE_NAME_BYTES_MAX);
    must_be_text(frame->hello.config, 0, WIRE_CONFIG_BYTES_MAX);
    FUZZ_MUST(frame->hello.rank < frame->hello.world_size);
    FUZZ_MUST(frame->hello.run_id <= INT64_MAX);
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
    must_be_text(frame->reject.text, 0, WIRE_TITLE_BYTES_MAX);
    return wire_encode_reject(&frame->reject, out);
}

static enum err (*const encoders[])(const struct wire_frame *frame, struct buf *out) = {
    [WIRE_HELLO] = encode_hello, [WIRE_BATCH] = encode_batch, [WIRE_WELCOME] = encode_welcome,
    [WIRE_ACK] = encode_ack,     [WIRE_NACK] = encode_nack,   [WIRE_REJECT] = encode_reject,
};

static void encode(const uint8_t *start, size_t size, const struct wire_frame *frame,
                   struct buf *out) {
    FUZZ_MUST(frame->kind < sizeof encoders / sizeof encoders[0]);
    FUZZ_MUST(encoders[frame->kind] != NULL);
    frame_start = start;
    frame_end = start + size;
    buf_init(out, WIRE_FRAME_BYTES_MAX);
    FUZZ_MUST(encoders[frame->kind](frame, out) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wire_frame frame;
    struct wire_frame before;
    memset(&frame, 0x5a, sizeof frame);
    memcpy(&before, &frame, sizeof frame);
    if (wire_decode(data, size, &frame) != ERR_OK) {
        FUZZ_MUST(memcmp(&frame, &before, sizeof frame) == 0);
        return 0;
    }
    struct buf shortest;
    encode(data, size, &frame, &shortest);
    FUZZ_MUST(shortest.len <= size);

    struct buf again;
    FUZZ_MUST(wire_decode(shortest.ptr, shortest.len, &frame) == ERR_OK);
    encode(shortest.ptr, shortest.len, &frame, &again);
    FUZZ_MUST(again.len == shortest.len && memcmp(again.ptr, shortest.ptr, again.len) == 0);
    buf_fini(&shortest);
    buf_fini(&again);
    return 0;
}
