/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/wire.h"

#include <string.h>

/* The bounded walk. A reader moves over the frame's bytes; the first error sticks, and every take_
 * function after it returns a zero value without looking at the bytes. Nothing is allocated and no
 * count is trusted: a length is compared with the bytes that remain before it is used. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    enum err err;
};

static void fail(struct reader *r, enum err err) {
    if (r->err == ERR_OK) {
        r->err = err;
    }
}

static const uint8_t *take_bytes(struct reader *r, size_t len) {
    if (r->err == ERR_OK && len > (size_t)(r->end - r->at)) {
        fail(r, ERR_TRUNCATED);
    }
    if (r->err != ERR_OK) {
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += len;
    return bytes;
}

static uint64_t take_big_endian(struct reader *r, size_t len) {
    const uint8_t *bytes = take_bytes(r, len);
    uint64_t v = 0;
    for (size_t i = 0; bytes != NULL && i < len; i++) {
        v = v << 8 | bytes[i];
    }
    return v;
}

static uint8_t take_byte(struct reader *r) {
    return (uint8_t)take_big_endian(r, 1);
}

static uint8_t peek(const struct reader *r) {
    return r->err == ERR_OK && r->at < r->end ? *r->at : 0;
}

/* msgpack's tags (https://github.com/msgpack/msgpack/blob/master/spec.md). */
enum tag {
    TAG_NIL = 0xc0,
    TAG_BIN8 = 0xc4,
    TAG_UINT8 = 0xcc,
    TAG_UINT64 = 0xcf,
    TAG_INT8 = 0xd0,
    TAG_INT64 = 0xd3,
    TAG_STR8 = 0xd9,
    TAG_ARRAY16 = 0xdc,
    TAG_ARRAY32 = 0xdd,
};

static bool take_nil(struct reader *r) {
    if (peek(r) != TAG_NIL) {
        return false;
    }
    take_byte(r);
    return true;
}

/* An integer of any width as sign and 64 bits. */
static uint64_t take_integer(struct reader *r, bool *out_negative) {
    uint8_t tag = take_byte(r);
    *out_negative = false;
    if (tag <= 0x7f) {
        return tag;
    }
    if (tag >= 0xe0) {
        *out_negative = true;
        return (uint64_t)(int64_t)(int8_t)tag;
    }
    if (tag >= TAG_UINT8 && tag <= TAG_UINT64) {
        return take_big_endian(r, (size_t)1 << (tag - TAG_UINT8));
    }
    if (tag >= TAG_INT8 && tag <= TAG_INT64) {
        unsigned width = 1U << (tag - TAG_INT8);
        unsigned unused_bits = 64 - 8 * width;
        int64_t v = (int64_t)(take_big_endian(r, width) << unused_bits) >> unused_bits;
        *out_negative = v < 0;
        return (uint64_t)v;
    }
    fail(r, ERR_TYPE);
    return 0;
}

static uint64_t take_uint(struct reader *r, uint64_t max) {
    bool negative;
    uint64_t v = take_integer(r, &negative);
    if (negative || v > max) {
        fail(r, ERR_VALUE);
        return 0;
    }
    return v;
}

static int64_t take_int(struct reader *r) {
    bool negative;
    uint64_t v = take_integer(r, &negative);
    if (!negative && v > INT64_MAX) {
        fail(r, ERR_VALUE);
        return 0;
    }
    return (int64_t)v;
}

static int64_t take_time(struct reader *r) {
    int64_t ns = take_int(r);
    if (ns <= 0) {
        fail(r, ERR_VALUE);
    }
    return ns;
}

/* The length in the header of a value whose wide forms start at first_tag (8, 16 and 32 bit). */
static size_t take_length(struct reader *r, uint8_t tag, uint8_t first_tag) {
    if (tag < first_tag || tag > first_tag + 2) {
        fail(r, ERR_TYPE);
        return 0;
    }
    return (size_t)take_big_endian(r, (size_t)1 << (tag - first_tag));
}

static uint32_t take_array(struct reader *r, uint32_t max) {
    uint8_t tag = take_byte(r);
    uint64_t n = 0;
    if ((tag & 0xf0) == 0x90) {
        n = tag & 0x0f;
    } else if (tag == TAG_ARRAY16 || tag == TAG_ARRAY32) {
        n = take_big_endian(r, tag == TAG_ARRAY16 ? 2 : 4);
    } else {
        fail(r, ERR_TYPE);
    }
    if (n > max) {
        fail(r, ERR_TOO_LONG);
    }
    return r->err == ERR_OK ? (uint32_t)n : 0;
}

static void expect_array(struct reader *r, uint32_t n) {
    if (take_array(r, UINT32_MAX) != n) {
        fail(r, ERR_TYPE);
    }
}

static struct str take_text(struct reader *r, size_t min_bytes, size_t max_bytes) {
    uint8_t tag = take_byte(r);
    size_t len = (tag & 0xe0) == 0xa0 ? tag & 0x1f : take_length(r, tag, TAG_STR8);
    if (len > max_bytes) {
        fail(r, ERR_TOO_LONG);
    }
    const uint8_t *bytes = take_bytes(r, len);
    struct str s = {.ptr = (const char *)bytes, .len = bytes != NULL ? len : 0};
    if (r->err == ERR_OK && len < min_bytes) {
        fail(r, ERR_VALUE);
    }
    if (r->err == ERR_OK && !str_is_text(s)) {
        fail(r, ERR_UTF8);
    }
    return s;
}

static struct str take_text_or_nil(struct reader *r, size_t max_bytes) {
    return take_nil(r) ? (struct str){0} : take_text(r, 0, max_bytes);
}

static const uint8_t *take_bin(struct reader *r, uint64_t len) {
    size_t claimed = take_length(r, take_byte(r), TAG_BIN8);
    if (r->err == ERR_OK && claimed != len) {
        fail(r, ERR_VALUE);
    }
    return take_bytes(r, claimed);
}

static struct wire_id take_id(struct reader *r) {
    struct wire_id id = {{0}};
    const uint8_t *bytes = take_bin(r, sizeof id.bytes);
    if (bytes != NULL) {
        memcpy(id.bytes, bytes, sizeof id.bytes);
    }
    return id;
}

/* Items. Each reader is told the fields by docs/wire.md, in order. */

static void take_keyset(struct reader *r, struct wire_item *out) {
    expect_array(r, 4);
    take_byte(r);
    struct wire_keyset keyset = {0};
    keyset.keyset_id = take_uint(r, UINT64_MAX);
    keyset.kind = (enum wire_series)take_uint(r, WIRE_SERIES_SYSTEM);
    keyset.columns = take_array(r, WIRE_KEYSET_COLUMNS_MAX);
    keyset.names = (struct wire_cursor){.at = r->at, .items_left = keyset.columns};
    size_t names_bytes = 0;
    for (uint32_t i = 0; r->err == ERR_OK && i < keyset.columns; i++) {
        names_bytes += take_text(r, 1, WIRE_NAME_BYTES_MAX).len;
    }
    keyset.names.end = r->at;
    if (keyset.columns == 0) {
        fail(r, ERR_VALUE);
    }
    if (names_bytes > WIRE_KEYSET_NAMES_BYTES_MAX) {
        fail(r, ERR_TOO_LONG);
    }
    out->keyset = keyset;
}

static void take_block(struct reader *r, struct wire_item *out) {
    expect_array(r, 7);
    take_byte(r);
    struct wire_block block = {0};
    block.keyset_id = take_uint(r, UINT64_MAX);
    block.columns = (uint32_t)take_uint(r, WIRE_KEYSET_COLUMNS_MAX);
    block.calls = (uint32_t)take_uint(r, WIRE_BLOCK_CALLS_MAX);
    if (block.columns == 0 || block.calls == 0) {
        fail(r, ERR_VALUE);
    }
    uint64_t column_bytes = (uint64_t)block.calls * 8; /* at most 2^19, times 2^12 columns */
    block.steps = take_bin(r, column_bytes);
    block.times_ns = take_bin(r, column_bytes);
    block.values = take_bin(r, column_bytes * block.columns);
    out->block = block;
}

static void take_alert(struct reader *r, struct wire_item *out) {
    expect_array(r, 7);
    take_byte(r);
    struct wire_alert alert = {0};
    alert.level = (enum wire_level)take_uint(r, WIRE_LEVEL_ERROR);
    alert.title = take_text(r, 1, WIRE_TITLE_BYTES_MAX);
    alert.text = take_text_or_nil(r, WIRE_TEXT_BYTES_MAX);
    alert.step = take_nil(r) ? WIRE_STEP_NONE : take_int(r);
    alert.time_ns = take_time(r);
    alert.webhook_url = take_text_or_nil(r, WIRE_URL_BYTES_MAX);
    out->alert = alert;
}

static void take_finish(struct reader *r, struct wire_item *out) {
    expect_array(r, 3);
    take_byte(r);
    struct wire_finish finish = {0};
    finish.ending = (enum wire_ending)take_uint(r, WIRE_ENDING_FAILED);
    finish.time_ns = take_time(r);
    out->finish = finish;
}

static void take_config(struct reader *r, struct wire_item *out) {
    expect_array(r, 2);
    take_byte(r);
    out->config = take_text(r, 1, WIRE_CONFIG_BYTES_MAX);
}

static const struct {
    void (*take)(struct reader *r, struct wire_item *out);
    enum wire_lane lane;
} item_rows[] = {
    [WIRE_ITEM_KEYSET] = {take_keyset, WIRE_LANE_METRICS},
    [WIRE_ITEM_BLOCK] = {take_block, WIRE_LANE_METRICS},
    [WIRE_ITEM_ALERT] = {take_alert, WIRE_LANE_EVENTS},
    [WIRE_ITEM_FINISH] = {take_finish, WIRE_LANE_EVENTS},
    [WIRE_ITEM_CONFIG] = {take_config, WIRE_LANE_EVENTS},
};

/* Reads one item. Every item is a fixarray, so its kind is the second byte; both are checked by the
 * reader of that kind. */
static enum wire_item_kind take_item(struct reader *r, struct wire_item *out) {
    size_t kind = r->end - r->at >= 2 ? r->at[1] : 0;
    if (kind == 0 || kind >= sizeof item_rows / sizeof item_rows[0]) {
        fail(r, r->end - r->at >= 2 ? ERR_VALUE : ERR_TRUNCATED);
        return 0;
    }
    out->kind = (enum wire_item_kind)kind;
    item_rows[kind].take(r, out);
    return out->kind;
}

bool wire_next_item(struct wire_cursor *items, struct wire_item *out) {
    if (items->items_left == 0) {
        return false;
    }
    struct reader r = {.at = items->at, .end = items->end, .err = ERR_OK};
    take_item(&r, out);
    items->at = r.at;
    items->items_left--;
    return r.err == ERR_OK;
}

bool wire_next_name(struct wire_cursor *names, struct str *out) {
    if (names->items_left == 0) {
        return false;
    }
    struct reader r = {.at = names->at, .end = names->end, .err = ERR_OK};
    *out = take_text(&r, 1, WIRE_NAME_BYTES_MAX);
    names->at = r.at;
    names->items_left--;
    return r.err == ERR_OK;
}

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

static uint64_t fnv_add(uint64_t hash, const void *bytes, size_t len) {
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * FNV_PRIME;
    }
    return hash;
}

uint64_t wire_keyset_id_add(uint64_t keyset_id, struct str name) {
    const uint8_t length[4] = {(uint8_t)name.len, (uint8_t)(name.len >> 8),
                               (uint8_t)(name.len >> 16), (uint8_t)(name.len >> 24)};
    return fnv_add(fnv_add(keyset_id, length, sizeof length), name.ptr, name.len);
}

uint64_t wire_keyset_id_begin(enum wire_series kind) {
    const uint8_t byte = (uint8_t)kind;
    return fnv_add(FNV_OFFSET, &byte, 1);
}

uint64_t wire_keyset_id(enum wire_series kind, size_t n, const struct str *names) {
    uint64_t hash = wire_keyset_id_begin(kind);
    for (size_t i = 0; i < n; i++) {
        hash = wire_keyset_id_add(hash, names[i]);
    }
    return hash;
}

static bool keyset_id_is_right(const struct wire_keyset *keyset) {
    uint64_t hash = wire_keyset_id_begin(keyset->kind);
    struct wire_cursor names = keyset->names;
    struct str name;
    while (wire_next_name(&names, &name)) {
        hash = wire_keyset_id_add(hash, name);
    }
    return hash == keyset->keyset_id;
}

static void check_items(struct reader *r, const struct wire_batch *batch) {
    for (uint32_t i = 0; r->err == ERR_OK && i < batch->items.items_left; i++) {
        struct wire_item item;
        enum wire_item_kind kind = take_item(r, &item);
        if (r->err != ERR_OK) {
            return;
        }
        if (item_rows[kind].lane != batch->lane ||
            (kind == WIRE_ITEM_KEYSET && !keyset_id_is_right(&item.keyset))) {
            fail(r, ERR_VALUE);
        }
    }
}

/* Frames: the fields after tag and kind. */

static void take_hello(struct reader *r, struct wire_frame *out) {
    struct wire_hello hello = {0};
    hello.producer = take_id(r);
    hello.run_id = take_uint(r, INT64_MAX);
    hello.rank = (uint32_t)take_uint(r, WIRE_WORLD_SIZE_MAX - 1);
    hello.world_size = (uint32_t)take_uint(r, WIRE_WORLD_SIZE_MAX);
    hello.resume = (enum wire_resume)take_uint(r, WIRE_RESUME_MUST);
    hello.started_ns = take_time(r);
    hello.pid = (uint32_t)take_uint(r, UINT32_MAX);
    hello.project = take_text(r, 1, WIRE_NAME_BYTES_MAX);
    hello.name = take_text(r, 1, WIRE_NAME_BYTES_MAX);
    hello.group = take_text(r, 0, WIRE_NAME_BYTES_MAX);
    hello.host = take_text(r, 0, WIRE_NAME_BYTES_MAX);
    hello.user = take_text(r, 0, WIRE_NAME_BYTES_MAX);
    hello.client = take_text(r, 0, WIRE_NAME_BYTES_MAX);
    hello.config = take_text(r, 0, WIRE_CONFIG_BYTES_MAX);
    if (hello.rank >= hello.world_size) {
        fail(r, ERR_VALUE);
    }
    out->hello = hello;
}

static void take_batch(struct reader *r, struct wire_frame *out) {
    struct wire_batch batch = {0};
    batch.producer = take_id(r);
    batch.lane = (enum wire_lane)take_uint(r, WIRE_LANES - 1);
    batch.seq = take_uint(r, INT64_MAX);
    batch.emitted = take_uint(r, INT64_MAX);
    batch.dropped = take_uint(r, INT64_MAX);
    if (batch.seq == 0) {
        fail(r, ERR_VALUE);
    }
    uint32_t items = take_array(r, WIRE_ITEMS_MAX);
    batch.items = (struct wire_cursor){.at = r->at, .end = r->end, .items_left = items};
    check_items(r, &batch);
    out->batch = batch;
}

static void take_welcome(struct reader *r, struct wire_frame *out) {
    struct wire_welcome welcome = {0};
    welcome.producer = take_id(r);
    welcome.run_id = take_uint(r, INT64_MAX);
    welcome.attempt = (uint32_t)take_uint(r, INT32_MAX);
    for (int lane = 0; lane < WIRE_LANES; lane++) {
        welcome.last_seq[lane] = take_uint(r, INT64_MAX);
    }
    out->welcome = welcome;
}

static void take_ack(struct reader *r, struct wire_frame *out) {
    struct wire_ack ack = {0};
    ack.producer = take_id(r);
    ack.lane = (enum wire_lane)take_uint(r, WIRE_LANES - 1);
    ack.last_seq = take_uint(r, INT64_MAX);
    out->ack = ack;
}

static void take_nack(struct reader *r, struct wire_frame *out) {
    struct wire_nack nack = {0};
    nack.producer = take_id(r);
    nack.lane = (enum wire_lane)take_uint(r, WIRE_LANES - 1);
    nack.last_seq = take_uint(r, INT64_MAX);
    nack.reason = (enum wire_nack_reason)take_uint(r, WIRE_NACK_UNKNOWN_PRODUCER);
    out->nack = nack;
}

static void take_reject(struct reader *r, struct wire_frame *out) {
    struct wire_reject reject = {.has_producer = !take_nil(r)};
    if (reject.has_producer) {
        reject.producer = take_id(r);
    }
    /* A newer collector may know reasons that we do not: any small number is one. */
    reject.reason = (enum wire_refusal)take_uint(r, UINT8_MAX);
    reject.text = take_text(r, 0, WIRE_TITLE_BYTES_MAX);
    out->reject = reject;
}

static const struct {
    enum wire_kind kind;
    uint32_t fields; /* with tag and kind */
    void (*take)(struct reader *r, struct wire_frame *out);
} frame_rows[] = {
    {WIRE_HELLO, 16, take_hello}, {WIRE_BATCH, 8, take_batch}, {WIRE_WELCOME, 7, take_welcome},
    {WIRE_ACK, 5, take_ack},      {WIRE_NACK, 6, take_nack},   {WIRE_REJECT, 5, take_reject},
};

/* The array header and the tag. Whatever does not begin so is not ours at all. */
static uint32_t take_head(struct reader *r) {
    uint32_t fields = take_array(r, UINT32_MAX);
    uint8_t tag_length = take_byte(r);
    const uint8_t *tag = take_bytes(r, 4);
    if (r->err != ERR_OK || tag_length != 0xa4 || memcmp(tag, WIRE_MAGIC, 3) != 0) {
        r->err = ERR_MAGIC;
        return 0;
    }
    if (tag[3] != '0' + WIRE_VERSION) {
        fail(r, ERR_VERSION);
    }
    return fields;
}

enum err wire_decode(const void *bytes, size_t len, struct wire_frame *out) {
    if (len > WIRE_FRAME_BYTES_MAX) {
        return ERR_TOO_LONG;
    }
    struct reader r = {.at = bytes, .end = (const uint8_t *)bytes + len, .err = ERR_OK};
    uint32_t fields = take_head(&r);
    uint64_t kind = take_uint(&r, UINT8_MAX);
    if (r.err != ERR_OK) {
        return r.err;
    }
    for (size_t i = 0; i < sizeof frame_rows / sizeof frame_rows[0]; i++) {
        if (frame_rows[i].kind != kind) {
            continue;
        }
        struct wire_frame frame = {.kind = frame_rows[i].kind};
        if (fields != frame_rows[i].fields) {
            return ERR_TYPE;
        }
        frame_rows[i].take(&r, &frame);
        if (r.err == ERR_OK && r.at != r.end) {
            return ERR_TRAILING;
        }
        if (r.err == ERR_OK) {
            *out = frame;
        }
        return r.err;
    }
    return ERR_VALUE;
}
