/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/wire.h"

#include <msgpack.h>
#include <string.h>

/* A frame under construction. The first error sticks and the buffer is cut back to where the frame
 * began, so that a caller checks once, at the end. */
struct frame {
    msgpack_packer packer;
    struct buf *out;
    size_t start;
    enum err err;
};

static int append(void *data, const char *bytes, size_t len) {
    struct frame *frame = data;
    if (frame->err == ERR_OK) {
        frame->err = buf_append(frame->out, bytes, len);
    }
    return frame->err == ERR_OK ? 0 : -1;
}

static void frame_init(struct frame *frame, struct buf *out) {
    *frame = (struct frame){.out = out, .start = out->len, .err = ERR_OK};
    msgpack_packer_init(&frame->packer, frame, append);
}

static void refuse(struct frame *frame, enum err err) {
    if (frame->err == ERR_OK) {
        frame->err = err;
    }
}

static enum err frame_done(struct frame *frame) {
    if (frame->out->len > WIRE_FRAME_BYTES_MAX) {
        refuse(frame, ERR_TOO_LONG);
    }
    if (frame->err != ERR_OK) {
        frame->out->len = frame->start;
    }
    return frame->err;
}

static void put_array(struct frame *frame, size_t n) {
    msgpack_pack_array(&frame->packer, n);
}

static void put_uint(struct frame *frame, uint64_t v, uint64_t max) {
    if (v > max) {
        refuse(frame, ERR_VALUE);
    } else {
        msgpack_pack_uint64(&frame->packer, v);
    }
}

static void put_int(struct frame *frame, int64_t v) {
    msgpack_pack_int64(&frame->packer, v);
}

static void put_time(struct frame *frame, int64_t ns) {
    if (ns <= 0) {
        refuse(frame, ERR_VALUE);
    } else {
        put_int(frame, ns);
    }
}

static void put_int_or_nil(struct frame *frame, int64_t v, int64_t none) {
    if (v == none) {
        msgpack_pack_nil(&frame->packer);
    } else {
        put_int(frame, v);
    }
}

static void put_id(struct frame *frame, const struct wire_id *id) {
    msgpack_pack_bin_with_body(&frame->packer, id->bytes, sizeof id->bytes);
}

static void put_text(struct frame *frame, struct str s, size_t min_bytes, size_t max_bytes) {
    if (s.len < min_bytes) {
        refuse(frame, ERR_VALUE);
    } else if (s.len > max_bytes) {
        refuse(frame, ERR_TOO_LONG);
    } else if (!str_is_text(s)) {
        refuse(frame, ERR_UTF8);
    } else {
        msgpack_pack_str(&frame->packer, s.len);
        msgpack_pack_str_body(&frame->packer, s.len > 0 ? s.ptr : "", s.len);
    }
}

static void put_text_or_nil(struct frame *frame, struct str s, size_t max_bytes) {
    if (s.ptr == NULL) {
        msgpack_pack_nil(&frame->packer);
    } else {
        put_text(frame, s, 0, max_bytes);
    }
}

static void begin(struct frame *frame, struct buf *out, enum wire_kind kind, size_t fields) {
    static const char tag[] = {'T', 'C', 'S', '0' + WIRE_VERSION};
    frame_init(frame, out);
    put_array(frame, fields + 2);
    msgpack_pack_str_with_body(&frame->packer, tag, sizeof tag);
    put_uint(frame, kind, UINT8_MAX);
}

enum err wire_encode_hello(const struct wire_hello *hello, struct buf *out) {
    struct frame frame;
    begin(&frame, out, WIRE_HELLO, 14);
    if (hello->rank >= hello->world_size) {
        refuse(&frame, ERR_VALUE);
    }
    put_id(&frame, &hello->producer);
    put_uint(&frame, hello->run_id, INT64_MAX);
    put_uint(&frame, hello->rank, WIRE_WORLD_SIZE_MAX - 1);
    put_uint(&frame, hello->world_size, WIRE_WORLD_SIZE_MAX);
    put_uint(&frame, hello->resume, WIRE_RESUME_MUST);
    put_time(&frame, hello->started_ns);
    put_uint(&frame, hello->pid, UINT32_MAX);
    put_text(&frame, hello->project, 1, WIRE_NAME_BYTES_MAX);
    put_text(&frame, hello->name, 1, WIRE_NAME_BYTES_MAX);
    put_text(&frame, hello->group, 0, WIRE_NAME_BYTES_MAX);
    put_text(&frame, hello->host, 0, WIRE_NAME_BYTES_MAX);
    put_text(&frame, hello->user, 0, WIRE_NAME_BYTES_MAX);
    put_text(&frame, hello->client, 0, WIRE_NAME_BYTES_MAX);
    put_text(&frame, hello->config, 0, WIRE_CONFIG_BYTES_MAX);
    return frame_done(&frame);
}

enum err wire_encode_welcome(const struct wire_welcome *welcome, struct buf *out) {
    struct frame frame;
    begin(&frame, out, WIRE_WELCOME, 5);
    put_id(&frame, &welcome->producer);
    put_uint(&frame, welcome->run_id, INT64_MAX);
    put_uint(&frame, welcome->attempt, INT32_MAX);
    put_uint(&frame, welcome->last_seq[WIRE_LANE_EVENTS], INT64_MAX);
    put_uint(&frame, welcome->last_seq[WIRE_LANE_METRICS], INT64_MAX);
    return frame_done(&frame);
}

enum err wire_encode_ack(const struct wire_ack *ack, struct buf *out) {
    struct frame frame;
    begin(&frame, out, WIRE_ACK, 3);
    put_id(&frame, &ack->producer);
    put_uint(&frame, ack->lane, WIRE_LANES - 1);
    put_uint(&frame, ack->last_seq, INT64_MAX);
    return frame_done(&frame);
}

enum err wire_encode_nack(const struct wire_nack *nack, struct buf *out) {
    struct frame frame;
    begin(&frame, out, WIRE_NACK, 4);
    put_id(&frame, &nack->producer);
    put_uint(&frame, nack->lane, WIRE_LANES - 1);
    put_uint(&frame, nack->last_seq, INT64_MAX);
    put_uint(&frame, nack->reason, WIRE_NACK_UNKNOWN_PRODUCER);
    return frame_done(&frame);
}

enum err wire_encode_reject(const struct wire_reject *reject, struct buf *out) {
    struct frame frame;
    begin(&frame, out, WIRE_REJECT, 3);
    if (reject->has_producer) {
        put_id(&frame, &reject->producer);
    } else {
        msgpack_pack_nil(&frame.packer);
    }
    put_uint(&frame, reject->reason, WIRE_REFUSAL_MAX);
    put_text(&frame, reject->text, 0, WIRE_TITLE_BYTES_MAX);
    return frame_done(&frame);
}

enum err wire_begin_batch(const struct wire_batch *batch, uint32_t items, struct buf *out) {
    struct frame frame;
    begin(&frame, out, WIRE_BATCH, 6);
    if (batch->seq == 0) {
        refuse(&frame, ERR_VALUE);
    }
    if (items > WIRE_ITEMS_MAX) {
        refuse(&frame, ERR_TOO_LONG);
    }
    put_id(&frame, &batch->producer);
    put_uint(&frame, batch->lane, WIRE_LANES - 1);
    put_uint(&frame, batch->seq, INT64_MAX);
    put_uint(&frame, batch->emitted, INT64_MAX);
    put_uint(&frame, batch->dropped, INT64_MAX);
    put_array(&frame, items);
    return frame_done(&frame);
}

static void begin_item(struct frame *frame, struct buf *out, enum wire_item_kind kind,
                       size_t fields) {
    frame_init(frame, out);
    put_array(frame, fields + 1);
    put_uint(frame, kind, UINT8_MAX);
}

enum err wire_put_keyset(uint64_t keyset_id, enum wire_series kind, size_t n,
                         const struct str *names, struct buf *out) {
    struct frame frame;
    begin_item(&frame, out, WIRE_ITEM_KEYSET, 3);
    if (n == 0) {
        refuse(&frame, ERR_VALUE);
    }
    if (n > WIRE_KEYSET_COLUMNS_MAX) {
        refuse(&frame, ERR_TOO_LONG);
    }
    put_uint(&frame, keyset_id, UINT64_MAX);
    put_uint(&frame, kind, WIRE_SERIES_SYSTEM);
    put_array(&frame, n);
    size_t names_bytes = 0;
    for (size_t i = 0; frame.err == ERR_OK && i < n; i++) {
        names_bytes += names[i].len;
        put_text(&frame, names[i], 1, WIRE_NAME_BYTES_MAX);
    }
    if (names_bytes > WIRE_KEYSET_NAMES_BYTES_MAX) {
        refuse(&frame, ERR_TOO_LONG);
    }
    if (frame.err == ERR_OK && keyset_id != wire_keyset_id(kind, n, names)) {
        refuse(&frame, ERR_VALUE);
    }
    return frame_done(&frame);
}

enum err wire_put_alert(const struct wire_alert *alert, struct buf *out) {
    struct frame frame;
    begin_item(&frame, out, WIRE_ITEM_ALERT, 6);
    put_uint(&frame, alert->level, WIRE_LEVEL_ERROR);
    put_text(&frame, alert->title, 1, WIRE_TITLE_BYTES_MAX);
    put_text_or_nil(&frame, alert->text, WIRE_TEXT_BYTES_MAX);
    put_int_or_nil(&frame, alert->step, WIRE_STEP_NONE);
    put_time(&frame, alert->time_ns);
    put_text_or_nil(&frame, alert->webhook_url, WIRE_URL_BYTES_MAX);
    return frame_done(&frame);
}

enum err wire_put_finish(const struct wire_finish *finish, struct buf *out) {
    struct frame frame;
    begin_item(&frame, out, WIRE_ITEM_FINISH, 2);
    put_uint(&frame, finish->ending, WIRE_ENDING_FAILED);
    put_time(&frame, finish->time_ns);
    return frame_done(&frame);
}

enum err wire_put_config(struct str config, struct buf *out) {
    struct frame frame;
    begin_item(&frame, out, WIRE_ITEM_CONFIG, 1);
    put_text(&frame, config, 1, WIRE_CONFIG_BYTES_MAX);
    return frame_done(&frame);
}

enum err wire_put_gap(const struct wire_gap *gap, struct buf *out) {
    struct frame frame;
    begin_item(&frame, out, WIRE_ITEM_GAP, 5);
    if (gap->calls == 0 || !wire_span_is_valid(&gap->span)) {
        refuse(&frame, ERR_VALUE);
    }
    put_uint(&frame, gap->calls, INT64_MAX);
    put_int_or_nil(&frame, gap->span.first_step, WIRE_STEP_NONE);
    put_int_or_nil(&frame, gap->span.last_step, WIRE_STEP_NONE);
    put_int_or_nil(&frame, gap->span.first_time_ns, WIRE_TIME_NONE);
    put_int_or_nil(&frame, gap->span.last_time_ns, WIRE_TIME_NONE);
    return frame_done(&frame);
}

/* Packs a bin header and leaves room for its body; returns the body's offset in the buffer. */
static size_t reserve_bin(struct frame *frame, size_t len) {
    msgpack_pack_bin(&frame->packer, len);
    uint8_t *at = NULL;
    if (frame->err == ERR_OK) {
        frame->err = buf_extend(frame->out, len, &at);
    }
    return frame->err == ERR_OK ? frame->out->len - len : 0;
}

enum err wire_put_block(uint64_t keyset_id, uint32_t columns, uint32_t calls, struct buf *out,
                        struct wire_block_room *out_room) {
    struct frame frame;
    begin_item(&frame, out, WIRE_ITEM_BLOCK, 6);
    if (columns == 0 || calls == 0) {
        refuse(&frame, ERR_VALUE);
    }
    put_uint(&frame, keyset_id, UINT64_MAX);
    put_uint(&frame, columns, WIRE_KEYSET_COLUMNS_MAX);
    put_uint(&frame, calls, WIRE_BLOCK_CALLS_MAX);
    size_t column_bytes = (size_t)calls * 8;
    size_t steps = reserve_bin(&frame, column_bytes);
    size_t times = reserve_bin(&frame, column_bytes);
    size_t values = reserve_bin(&frame, column_bytes * columns);
    enum err err = frame_done(&frame);
    if (err == ERR_OK) {
        /* Offsets become pointers only now: the buffer may have moved while it grew. */
        *out_room = (struct wire_block_room){
            .steps = out->ptr + steps, .times_ns = out->ptr + times, .values = out->ptr + values};
    }
    return err;
}
