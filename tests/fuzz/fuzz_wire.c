/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes go through wire_decode(). What it refuses must leave the output alone. What it accepts
 * must point into the frame only, must encode again to a frame that is not longer (the encoder
 * takes the shortest forms) and that means the same. */

#include <string.h>

#include "schema/wire/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/vectors/reencode.h"

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

static void check_keyset(const struct wire_item *item) {
    const struct wire_keyset *keyset = &item->keyset;
    struct wire_cursor cursor = keyset->names;
    struct str name;
    uint64_t id = wire_keyset_id_begin(keyset->kind);
    uint32_t n = 0;
    FUZZ_MUST(keyset->columns >= 1 && keyset->columns <= WIRE_KEYSET_COLUMNS_MAX);
    while (wire_next_name(&cursor, &name)) {
        must_be_text(name, 1, WIRE_NAME_BYTES_MAX);
        id = wire_keyset_id_add(id, name);
        n++;
    }
    FUZZ_MUST(n == keyset->columns && id == keyset->keyset_id);
}

static void check_block(const struct wire_item *item) {
    const struct wire_block *block = &item->block;
    const size_t column_bytes = (size_t)block->calls * 8;
    FUZZ_MUST(block->calls >= 1 && block->calls <= WIRE_BLOCK_CALLS_MAX);
    FUZZ_MUST(block->columns >= 1 && block->columns <= WIRE_KEYSET_COLUMNS_MAX);
    must_be_inside(block->steps, column_bytes);
    must_be_inside(block->times_ns, column_bytes);
    must_be_inside(block->values, column_bytes * block->columns);
}

static void check_alert(const struct wire_item *item) {
    must_be_text(item->alert.title, 1, WIRE_TITLE_BYTES_MAX);
    must_be_text_or_nil(item->alert.text, WIRE_TEXT_BYTES_MAX);
    must_be_text_or_nil(item->alert.webhook_url, WIRE_URL_BYTES_MAX);
    FUZZ_MUST(item->alert.level <= WIRE_LEVEL_ERROR && item->alert.time_ns > 0);
}

static void check_finish(const struct wire_item *item) {
    FUZZ_MUST(item->finish.ending <= WIRE_ENDING_FAILED && item->finish.time_ns > 0);
}

static void check_config(const struct wire_item *item) {
    must_be_text(item->config, 1, WIRE_CONFIG_BYTES_MAX);
}

static void check_gap(const struct wire_item *item) {
    FUZZ_MUST(item->gap.calls >= 1 && item->gap.calls <= INT64_MAX);
    FUZZ_MUST(wire_span_is_valid(&item->gap.span));
}

static const struct {
    void (*check)(const struct wire_item *item);
    enum wire_lane lane;
} items[] = {
    [WIRE_ITEM_KEYSET] = {check_keyset, WIRE_LANE_METRICS},
    [WIRE_ITEM_BLOCK] = {check_block, WIRE_LANE_METRICS},
    [WIRE_ITEM_ALERT] = {check_alert, WIRE_LANE_EVENTS},
    [WIRE_ITEM_FINISH] = {check_finish, WIRE_LANE_EVENTS},
    [WIRE_ITEM_CONFIG] = {check_config, WIRE_LANE_EVENTS},
    [WIRE_ITEM_GAP] = {check_gap, WIRE_LANE_METRICS},
};

static void check_batch(const struct wire_batch *batch) {
    struct wire_cursor cursor = batch->items;
    struct wire_item item;
    uint32_t n = 0;
    FUZZ_MUST(batch->seq >= 1 && batch->lane < WIRE_LANES);
    FUZZ_MUST(batch->items.items_left <= WIRE_ITEMS_MAX);
    while (wire_next_item(&cursor, &item)) {
        FUZZ_MUST(item.kind >= WIRE_ITEM_KEYSET && item.kind <= WIRE_ITEM_GAP);
        FUZZ_MUST(items[item.kind].lane == batch->lane);
        items[item.kind].check(&item);
        n++;
    }
    FUZZ_MUST(n == batch->items.items_left && cursor.at == frame_end);
}

static void check_hello(const struct wire_hello *hello) {
    must_be_text(hello->project, 1, WIRE_NAME_BYTES_MAX);
    must_be_text(hello->name, 1, WIRE_NAME_BYTES_MAX);
    must_be_text(hello->group, 0, WIRE_NAME_BYTES_MAX);
    must_be_text(hello->host, 0, WIRE_NAME_BYTES_MAX);
    must_be_text(hello->user, 0, WIRE_NAME_BYTES_MAX);
    must_be_text(hello->client, 0, WIRE_NAME_BYTES_MAX);
    must_be_text(hello->config, 0, WIRE_CONFIG_BYTES_MAX);
    FUZZ_MUST(hello->rank < hello->world_size && hello->world_size <= WIRE_WORLD_SIZE_MAX);
    FUZZ_MUST(hello->run_id <= INT64_MAX && hello->started_ns > 0);
}

static void check_frame(const struct wire_frame *frame) {
    if (frame->kind == WIRE_HELLO) {
        check_hello(&frame->hello);
    } else if (frame->kind == WIRE_BATCH) {
        check_batch(&frame->batch);
    } else if (frame->kind == WIRE_REJECT) {
        must_be_text(frame->reject.text, 0, WIRE_TITLE_BYTES_MAX);
    }
}

/* Decodes what must be a frame, checks it and appends its shortest form to out. */
static void decode_and_encode(const uint8_t *bytes, size_t len, struct buf *out) {
    struct wire_frame frame;
    frame_start = bytes;
    frame_end = bytes + len;
    FUZZ_MUST(wire_decode(bytes, len, &frame) == ERR_OK);
    check_frame(&frame);
    buf_init(out, WIRE_FRAME_BYTES_MAX);
    FUZZ_MUST(reencode_frame(&frame, out) == ERR_OK);
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
    struct buf again;
    decode_and_encode(data, size, &shortest);
    decode_and_encode(shortest.ptr, shortest.len, &again);
    FUZZ_MUST(shortest.len <= size);
    FUZZ_MUST(again.len == shortest.len && memcmp(again.ptr, shortest.ptr, again.len) == 0);
    buf_fini(&shortest);
    buf_fini(&again);
    return 0;
}
