/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/wire.h"

#include <string.h>

#include "schema/wire/walk.h"

/* Fields are taken in the order of docs/wire.md, each in a statement of its own: C leaves the order
 * of evaluation inside an initialiser open. */

static struct wire_id take_id(struct walk *walk) {
    struct wire_id id = {{0}};
    const uint8_t *bytes = walk_bin(walk, sizeof id.bytes);
    if (bytes != NULL) {
        memcpy(id.bytes, bytes, sizeof id.bytes);
    }
    return id;
}

static int64_t take_time(struct walk *walk) {
    int64_t ns = walk_int(walk);
    if (ns <= 0) {
        walk_fail(walk, ERR_VALUE);
    }
    return ns;
}

static int64_t take_step_or_nil(struct walk *walk) {
    return walk_nil(walk) ? WIRE_STEP_NONE : walk_int(walk);
}

static int64_t take_time_or_nil(struct walk *walk) {
    return walk_nil(walk) ? WIRE_TIME_NONE : take_time(walk);
}

static void take_keyset(struct walk *walk, struct wire_item *out) {
    struct wire_keyset keyset = {0};
    keyset.keyset_id = walk_uint(walk, UINT64_MAX);
    keyset.kind = (enum wire_series)walk_uint(walk, WIRE_SERIES_SYSTEM);
    keyset.columns = walk_array(walk, WIRE_KEYSET_COLUMNS_MAX);
    keyset.names = (struct wire_cursor){.at = walk->at, .items_left = keyset.columns};
    size_t names_bytes = 0;
    for (uint32_t i = 0; walk->err == ERR_OK && i < keyset.columns; i++) {
        names_bytes += walk_text(walk, 1, WIRE_NAME_BYTES_MAX).len;
    }
    keyset.names.end = walk->at;
    if (keyset.columns == 0) {
        walk_fail(walk, ERR_VALUE);
    }
    if (names_bytes > WIRE_KEYSET_NAMES_BYTES_MAX) {
        walk_fail(walk, ERR_TOO_LONG);
    }
    out->keyset = keyset;
}

static void take_block(struct walk *walk, struct wire_item *out) {
    struct wire_block block = {0};
    block.keyset_id = walk_uint(walk, UINT64_MAX);
    block.columns = (uint32_t)walk_uint(walk, WIRE_KEYSET_COLUMNS_MAX);
    block.calls = (uint32_t)walk_uint(walk, WIRE_BLOCK_CALLS_MAX);
    if (block.columns == 0 || block.calls == 0) {
        walk_fail(walk, ERR_VALUE);
    }
    uint64_t column_bytes = (uint64_t)block.calls * 8; /* at most 2^19, times 2^12 columns */
    block.steps = walk_bin(walk, column_bytes);
    block.times_ns = walk_bin(walk, column_bytes);
    block.values = walk_bin(walk, column_bytes * block.columns);
    out->block = block;
}

static void take_alert(struct walk *walk, struct wire_item *out) {
    struct wire_alert alert = {0};
    alert.level = (enum wire_level)walk_uint(walk, WIRE_LEVEL_ERROR);
    alert.title = walk_text(walk, 1, WIRE_TITLE_BYTES_MAX);
    alert.text = walk_text_or_nil(walk, WIRE_TEXT_BYTES_MAX);
    alert.step = take_step_or_nil(walk);
    alert.time_ns = take_time(walk);
    alert.webhook_url = walk_text_or_nil(walk, WIRE_URL_BYTES_MAX);
    out->alert = alert;
}

static void take_finish(struct walk *walk, struct wire_item *out) {
    struct wire_finish finish = {0};
    finish.ending = (enum wire_ending)walk_uint(walk, WIRE_ENDING_FAILED);
    finish.time_ns = take_time(walk);
    out->finish = finish;
}

static void take_config(struct walk *walk, struct wire_item *out) {
    out->config = walk_text(walk, 1, WIRE_CONFIG_BYTES_MAX);
}

bool wire_span_is_valid(const struct wire_span *span) {
    return (span->first_step == WIRE_STEP_NONE) == (span->last_step == WIRE_STEP_NONE) &&
           span->first_step <= span->last_step &&
           (span->first_time_ns == WIRE_TIME_NONE) == (span->last_time_ns == WIRE_TIME_NONE) &&
           span->first_time_ns >= 0 && span->first_time_ns <= span->last_time_ns;
}

static void take_gap(struct walk *walk, struct wire_item *out) {
    struct wire_gap gap = {0};
    gap.calls = walk_uint(walk, INT64_MAX);
    gap.span.first_step = take_step_or_nil(walk);
    gap.span.last_step = take_step_or_nil(walk);
    gap.span.first_time_ns = take_time_or_nil(walk);
    gap.span.last_time_ns = take_time_or_nil(walk);
    if (gap.calls == 0 || !wire_span_is_valid(&gap.span)) {
        walk_fail(walk, ERR_VALUE);
    }
    out->gap = gap;
}

static const struct {
    uint32_t elements; /* with the kind */
    enum wire_lane lane;
    void (*take)(struct walk *walk, struct wire_item *out);
} item_rows[] = {
    [WIRE_ITEM_KEYSET] = {4, WIRE_LANE_METRICS, take_keyset},
    [WIRE_ITEM_BLOCK] = {7, WIRE_LANE_METRICS, take_block},
    [WIRE_ITEM_ALERT] = {7, WIRE_LANE_EVENTS, take_alert},
    [WIRE_ITEM_FINISH] = {3, WIRE_LANE_EVENTS, take_finish},
    [WIRE_ITEM_CONFIG] = {2, WIRE_LANE_EVENTS, take_config},
    [WIRE_ITEM_GAP] = {6, WIRE_LANE_METRICS, take_gap},
};

enum wire_lane wire_item_lane(enum wire_item_kind kind) {
    return item_rows[kind].lane;
}

uint64_t wire_item_calls(const struct wire_item *item) {
    return item->kind == WIRE_ITEM_BLOCK ? item->block.calls
                                         : item_rows[item->kind].lane == WIRE_LANE_EVENTS;
}

static bool take_item(struct walk *walk, struct wire_item *out) {
    const uint32_t elements = walk_array(walk, UINT32_MAX);
    const uint64_t kind = walk_uint(walk, sizeof item_rows / sizeof item_rows[0] - 1);
    if (kind == 0) {
        walk_fail(walk, ERR_VALUE);
        return false;
    }
    if (elements != item_rows[kind].elements) {
        walk_fail(walk, ERR_TYPE);
        return false;
    }
    out->kind = (enum wire_item_kind)kind;
    item_rows[kind].take(walk, out);
    return walk->err == ERR_OK;
}

bool wire_next_item(struct wire_cursor *items, struct wire_item *out) {
    if (items->items_left == 0) {
        return false;
    }
    struct walk walk = {.at = items->at, .end = items->end, .err = ERR_OK};
    const bool got = take_item(&walk, out);
    items->at = walk.at;
    items->items_left--;
    return got;
}

bool wire_next_name(struct wire_cursor *names, struct str *out) {
    if (names->items_left == 0) {
        return false;
    }
    struct walk walk = {.at = names->at, .end = names->end, .err = ERR_OK};
    *out = walk_text(&walk, 1, WIRE_NAME_BYTES_MAX);
    names->at = walk.at;
    names->items_left--;
    return walk.err == ERR_OK;
}

static bool keyset_id_is_right(const struct wire_keyset *keyset) {
    uint64_t id = wire_keyset_id_begin(keyset->kind);
    struct wire_cursor names = keyset->names;
    struct str name;
    while (wire_next_name(&names, &name)) {
        id = wire_keyset_id_add(id, name);
    }
    return id == keyset->keyset_id;
}

static void check_items(struct walk *walk, enum wire_lane lane, uint32_t n) {
    struct wire_item item;
    for (uint32_t i = 0; i < n && take_item(walk, &item); i++) {
        if (item_rows[item.kind].lane != lane ||
            (item.kind == WIRE_ITEM_KEYSET && !keyset_id_is_right(&item.keyset))) {
            walk_fail(walk, ERR_VALUE);
        }
    }
}

static void take_hello(struct walk *walk, struct wire_frame *out) {
    struct wire_hello hello = {0};
    hello.producer = take_id(walk);
    hello.run_id = walk_uint(walk, INT64_MAX);
    hello.rank = (uint32_t)walk_uint(walk, WIRE_WORLD_SIZE_MAX - 1);
    hello.world_size = (uint32_t)walk_uint(walk, WIRE_WORLD_SIZE_MAX);
    hello.resume = (enum wire_resume)walk_uint(walk, WIRE_RESUME_MUST);
    hello.started_ns = take_time(walk);
    hello.pid = (uint32_t)walk_uint(walk, UINT32_MAX);
    hello.project = walk_text(walk, 1, WIRE_NAME_BYTES_MAX);
    hello.name = walk_text(walk, 1, WIRE_NAME_BYTES_MAX);
    hello.group = walk_text(walk, 0, WIRE_NAME_BYTES_MAX);
    hello.host = walk_text(walk, 0, WIRE_NAME_BYTES_MAX);
    hello.user = walk_text(walk, 0, WIRE_NAME_BYTES_MAX);
    hello.client = walk_text(walk, 0, WIRE_NAME_BYTES_MAX);
    hello.config = walk_text(walk, 0, WIRE_CONFIG_BYTES_MAX);
    if (hello.rank >= hello.world_size) {
        walk_fail(walk, ERR_VALUE);
    }
    out->hello = hello;
}

static void take_batch(struct walk *walk, struct wire_frame *out) {
    struct wire_batch batch = {0};
    batch.producer = take_id(walk);
    batch.lane = (enum wire_lane)walk_uint(walk, WIRE_LANES - 1);
    batch.seq = walk_uint(walk, INT64_MAX);
    batch.emitted = walk_uint(walk, INT64_MAX);
    batch.dropped = walk_uint(walk, INT64_MAX);
    if (batch.seq == 0) {
        walk_fail(walk, ERR_VALUE);
    }
    uint32_t n = walk_array(walk, WIRE_ITEMS_MAX);
    batch.items = (struct wire_cursor){.at = walk->at, .end = walk->end, .items_left = n};
    check_items(walk, batch.lane, n);
    out->batch = batch;
}

static void take_welcome(struct walk *walk, struct wire_frame *out) {
    struct wire_welcome welcome = {0};
    welcome.producer = take_id(walk);
    welcome.run_id = walk_uint(walk, INT64_MAX);
    welcome.attempt = (uint32_t)walk_uint(walk, INT32_MAX);
    welcome.last_seq[WIRE_LANE_EVENTS] = walk_uint(walk, INT64_MAX);
    welcome.last_seq[WIRE_LANE_METRICS] = walk_uint(walk, INT64_MAX);
    out->welcome = welcome;
}

static void take_ack(struct walk *walk, struct wire_frame *out) {
    struct wire_ack ack = {0};
    ack.producer = take_id(walk);
    ack.lane = (enum wire_lane)walk_uint(walk, WIRE_LANES - 1);
    ack.last_seq = walk_uint(walk, INT64_MAX);
    out->ack = ack;
}

static void take_nack(struct walk *walk, struct wire_frame *out) {
    struct wire_nack nack = {0};
    nack.producer = take_id(walk);
    nack.lane = (enum wire_lane)walk_uint(walk, WIRE_LANES - 1);
    nack.last_seq = walk_uint(walk, INT64_MAX);
    nack.reason = (enum wire_nack_reason)walk_uint(walk, WIRE_NACK_UNKNOWN_PRODUCER);
    out->nack = nack;
}

static void take_reject(struct walk *walk, struct wire_frame *out) {
    struct wire_reject reject = {.has_producer = !walk_nil(walk)};
    if (reject.has_producer) {
        reject.producer = take_id(walk);
    }
    /* A newer collector may know reasons that we do not: any small number is one. */
    reject.reason = (enum wire_refusal)walk_uint(walk, WIRE_REFUSAL_MAX);
    reject.text = walk_text(walk, 0, WIRE_TITLE_BYTES_MAX);
    out->reject = reject;
}

static const struct {
    enum wire_kind kind;
    uint32_t elements; /* with tag and kind */
    void (*take)(struct walk *walk, struct wire_frame *out);
} frame_rows[] = {
    {WIRE_HELLO, 16, take_hello}, {WIRE_BATCH, 8, take_batch}, {WIRE_WELCOME, 7, take_welcome},
    {WIRE_ACK, 5, take_ack},      {WIRE_NACK, 6, take_nack},   {WIRE_REJECT, 5, take_reject},
};

/* The array header and the tag. Whatever does not begin so is not ours at all. */
static uint32_t take_head(struct walk *walk) {
    static const char tag[] = "\xa4" WIRE_MAGIC; /* a str of 4 bytes; its last is the version */
    const uint32_t elements = walk_array(walk, UINT32_MAX);
    const uint8_t *head = walk_bytes(walk, sizeof tag);
    if (head == NULL || memcmp(head, tag, sizeof tag - 1) != 0) {
        walk->err = ERR_MAGIC;
    } else if (head[sizeof tag - 1] != '0' + WIRE_VERSION) {
        walk->err = ERR_VERSION;
    }
    return elements;
}

static void take_frame(struct walk *walk, struct wire_frame *out) {
    const uint32_t elements = take_head(walk);
    const uint64_t kind = walk_uint(walk, UINT8_MAX);
    size_t row = 0;
    while (row < sizeof frame_rows / sizeof frame_rows[0] && frame_rows[row].kind != kind) {
        row++;
    }
    if (row == sizeof frame_rows / sizeof frame_rows[0]) {
        walk_fail(walk, ERR_VALUE);
    } else if (elements != frame_rows[row].elements) {
        walk_fail(walk, ERR_TYPE);
    } else {
        out->kind = frame_rows[row].kind;
        frame_rows[row].take(walk, out);
    }
}

enum err wire_decode(const void *bytes, size_t len, struct wire_frame *out) {
    if (len > WIRE_FRAME_BYTES_MAX) {
        return ERR_TOO_LONG;
    }
    struct walk walk = {.at = bytes, .end = (const uint8_t *)bytes + len, .err = ERR_OK};
    struct wire_frame frame = {0};
    take_frame(&walk, &frame);
    if (walk.at != walk.end) {
        walk_fail(&walk, ERR_TRAILING);
    }
    if (walk.err == ERR_OK) {
        *out = frame;
    }
    return walk.err;
}
