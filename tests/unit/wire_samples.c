/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire_samples.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT(literal)                                                                              \
    { .ptr = (literal), .len = sizeof(literal) - 1 }

/* Numbers whose bits a careless copy changes: two NaNs with payloads, infinities, minus zero, the
 * smallest subnormal, the largest finite. */
const uint64_t wire_samples_values[] = {
    UINT64_C(0x7ff8000000000001), UINT64_C(0xfff0dead00000001), UINT64_C(0x7ff0000000000000),
    UINT64_C(0xfff0000000000000), UINT64_C(0x8000000000000000), UINT64_C(0x0000000000000001),
    UINT64_C(0x7fefffffffffffff), UINT64_C(0x3ff0000000000000),
};
const int64_t wire_samples_steps[] = {INT64_MIN + 1, INT64_MAX};
const int64_t wire_samples_times_ns[] = {1, INT64_C(1800000000123456789)};
const struct str wire_samples_names[] = {TEXT("loss"), TEXT("a"), TEXT("gpu/0/\xc2\xb5s"),
                                         TEXT("lr")};

struct wire_id wire_samples_id(void) {
    struct wire_id id;
    for (unsigned i = 0; i < sizeof id.bytes; i++) {
        id.bytes[i] = (uint8_t)(0x10 + i);
    }
    return id;
}

struct wire_hello wire_samples_hello(void) {
    return (struct wire_hello){
        .producer = wire_samples_id(),
        .run_id = INT64_MAX,
        .rank = 1023,
        .world_size = 1024,
        .resume = WIRE_RESUME_MUST,
        .started_ns = INT64_C(1800000000000000000),
        .pid = UINT32_MAX,
        .project = TEXT("project"),
        .name = TEXT("brave-otter"),
        .group = TEXT(""),
        .host = TEXT("node-17"),
        .user = TEXT("ann"),
        .client = TEXT("libtocsin/0.1.0"),
        .config = TEXT("{\"lr\":1e-3}"),
    };
}

static enum err encode_hello(struct buf *out) {
    const struct wire_hello hello = wire_samples_hello();
    return wire_encode_hello(&hello, out);
}

static enum err encode_welcome(struct buf *out) {
    const struct wire_welcome welcome = {
        .producer = wire_samples_id(), .run_id = 7, .attempt = 3, .last_seq = {0, INT64_MAX}};
    return wire_encode_welcome(&welcome, out);
}

static enum err encode_ack(struct buf *out) {
    const struct wire_ack ack = {
        .producer = wire_samples_id(), .lane = WIRE_LANE_METRICS, .last_seq = 300};
    return wire_encode_ack(&ack, out);
}

static enum err encode_nack(struct buf *out) {
    const struct wire_nack nack = {.producer = wire_samples_id(),
                                   .lane = WIRE_LANE_EVENTS,
                                   .last_seq = 70000,
                                   .reason = WIRE_NACK_UNKNOWN_PRODUCER};
    return wire_encode_nack(&nack, out);
}

static enum err encode_reject(struct buf *out) {
    const struct wire_reject reject = {.has_producer = true,
                                       .producer = wire_samples_id(),
                                       .reason = WIRE_REFUSAL_CONTENT,
                                       .text = TEXT("refused")};
    return wire_encode_reject(&reject, out);
}

static enum err encode_reject_of_nobody(struct buf *out) {
    const struct wire_reject reject = {.reason = WIRE_REFUSAL_MALFORMED, .text = TEXT("")};
    return wire_encode_reject(&reject, out);
}

static enum err encode_empty_batch(struct buf *out) {
    const struct wire_batch batch = {
        .producer = wire_samples_id(), .lane = WIRE_LANE_METRICS, .seq = 1};
    return wire_begin_batch(&batch, 0, out);
}

static enum err encode_events(struct buf *out) {
    const struct wire_batch batch = {.producer = wire_samples_id(),
                                     .lane = WIRE_LANE_EVENTS,
                                     .seq = INT64_MAX,
                                     .emitted = INT64_MAX,
                                     .dropped = 4};
    const struct wire_alert full = {.level = WIRE_LEVEL_ERROR,
                                    .title = TEXT("diverged"),
                                    .text = TEXT("loss is NaN"),
                                    .step = -5,
                                    .time_ns = 12,
                                    .webhook_url = TEXT("https://hooks.example/x")};
    const struct wire_alert bare = {.title = TEXT("t"), .step = WIRE_STEP_NONE, .time_ns = 13};
    const struct wire_finish finish = {.ending = WIRE_ENDING_FAILED, .time_ns = 99};
    const struct str config = TEXT("{\"a\":[1]}");
    enum err err = wire_begin_batch(&batch, 4, out);
    err = err == ERR_OK ? wire_put_alert(&full, out) : err;
    err = err == ERR_OK ? wire_put_alert(&bare, out) : err;
    err = err == ERR_OK ? wire_put_config(config, out) : err;
    return err == ERR_OK ? wire_put_finish(&finish, out) : err;
}

static enum err encode_metrics(struct buf *out) {
    const struct wire_batch batch = {.producer = wire_samples_id(),
                                     .lane = WIRE_LANE_METRICS,
                                     .seq = 2,
                                     .emitted = 2,
                                     .dropped = 0};
    const uint64_t id =
        wire_keyset_id(WIRE_SERIES_SYSTEM, WIRE_SAMPLES_COLUMNS, wire_samples_names);
    const struct wire_gap gap = {
        .calls = 300,
        .span = {.first_step = -7, .last_step = 9, .first_time_ns = 11, .last_time_ns = 70000}};
    struct wire_block_room room = {0};
    enum err err = wire_begin_batch(&batch, 3, out);
    err = err == ERR_OK ? wire_put_gap(&gap, out) : err;
    err = err == ERR_OK ? wire_put_keyset(id, WIRE_SERIES_SYSTEM, WIRE_SAMPLES_COLUMNS,
                                          wire_samples_names, out)
                        : err;
    err = err == ERR_OK ? wire_put_block(id, WIRE_SAMPLES_COLUMNS, WIRE_SAMPLES_CALLS, out, &room)
                        : err;
    for (size_t i = 0; err == ERR_OK && i < WIRE_SAMPLES_CALLS; i++) {
        wire_store_u64(room.steps, i, (uint64_t)wire_samples_steps[i]);
        wire_store_u64(room.times_ns, i, (uint64_t)wire_samples_times_ns[i]);
    }
    for (size_t i = 0; err == ERR_OK && i < WIRE_SAMPLES_CALLS * WIRE_SAMPLES_COLUMNS; i++) {
        wire_store_u64(room.values, i, wire_samples_values[i]);
    }
    return err;
}

static enum err (*const encoders[WIRE_SAMPLES_N])(struct buf *out) = {
    encode_hello,       encode_welcome, encode_ack,
    encode_nack,        encode_reject,  encode_reject_of_nobody,
    encode_empty_batch, encode_events,  encode_metrics,
};

void wire_samples_encode(int i, struct buf *out) {
    buf_clear(out);
    assert_int_equal(encoders[i](out), ERR_OK);
}
