/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/wire/wire.h"
#include "tests/unit/wire_samples.h"

/* Encode and decode: what goes in comes out, and the encoder refuses what the decoder would. */

static struct buf buf;
static struct wire_frame frame;

static int set_up(void **state) {
    (void)state;
    buf_init(&buf, WIRE_FRAME_BYTES_MAX);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    buf_fini(&buf);
    return 0;
}

static void decode_sample(int i) {
    wire_samples_encode(i, &buf);
    memset(&frame, 0xaa, sizeof frame);
    assert_int_equal(wire_decode(buf.ptr, buf.len, &frame), ERR_OK);
}

static void assert_id(struct wire_id id) {
    const struct wire_id want = wire_samples_id();
    assert_memory_equal(id.bytes, want.bytes, sizeof want.bytes);
}

#define assert_str(view, text) assert_true(str_equal((view), str_of(text)))

static void hello_round_trip(void **state) {
    (void)state;
    decode_sample(0);
    const struct wire_hello want = wire_samples_hello();
    const struct wire_hello *got = &frame.hello;
    assert_int_equal(frame.kind, WIRE_HELLO);
    assert_id(got->producer);
    assert_true(got->run_id == want.run_id);
    assert_int_equal(got->rank, want.rank);
    assert_int_equal(got->world_size, want.world_size);
    assert_int_equal(got->resume, want.resume);
    assert_true(got->started_ns == want.started_ns);
    assert_true(got->pid == want.pid);
    assert_true(str_equal(got->project, want.project));
    assert_true(str_equal(got->name, want.name));
    assert_true(str_equal(got->group, want.group));
    assert_true(str_equal(got->host, want.host));
    assert_true(str_equal(got->user, want.user));
    assert_true(str_equal(got->client, want.client));
    assert_true(str_equal(got->config, want.config));
}

static void answers_round_trip(void **state) {
    (void)state;
    decode_sample(1);
    assert_int_equal(frame.kind, WIRE_WELCOME);
    assert_id(frame.welcome.producer);
    assert_int_equal(frame.welcome.run_id, 7);
    assert_int_equal(frame.welcome.attempt, 3);
    assert_int_equal(frame.welcome.last_seq[WIRE_LANE_EVENTS], 0);
    assert_true(frame.welcome.last_seq[WIRE_LANE_METRICS] == INT64_MAX);
    decode_sample(2);
    assert_int_equal(frame.kind, WIRE_ACK);
    assert_id(frame.ack.producer);
    assert_int_equal(frame.ack.lane, WIRE_LANE_METRICS);
    assert_int_equal(frame.ack.last_seq, 300);
    decode_sample(3);
    assert_int_equal(frame.kind, WIRE_NACK);
    assert_int_equal(frame.nack.lane, WIRE_LANE_EVENTS);
    assert_int_equal(frame.nack.last_seq, 70000);
    assert_int_equal(frame.nack.reason, WIRE_NACK_UNKNOWN_PRODUCER);
}

static void reject_round_trip(void **state) {
    (void)state;
    decode_sample(4);
    assert_int_equal(frame.kind, WIRE_REJECT);
    assert_true(frame.reject.has_producer);
    assert_id(frame.reject.producer);
    assert_int_equal(frame.reject.reason, WIRE_REFUSAL_CONTENT);
    assert_str(frame.reject.text, "refused");
    decode_sample(5);
    assert_false(frame.reject.has_producer);
    assert_int_equal(frame.reject.reason, WIRE_REFUSAL_MALFORMED);
    assert_int_equal(frame.reject.text.len, 0);
}

static void empty_batch_round_trip(void **state) {
    (void)state;
    decode_sample(6);
    struct wire_item item;
    assert_int_equal(frame.kind, WIRE_BATCH);
    assert_int_equal(frame.batch.items.items_left, 0);
    assert_false(wire_next_item(&frame.batch.items, &item));
}

static void events_round_trip(void **state) {
    (void)state;
    decode_sample(7);
    struct wire_batch *batch = &frame.batch;
    struct wire_item item;
    assert_id(batch->producer);
    assert_int_equal(batch->lane, WIRE_LANE_EVENTS);
    assert_true(batch->seq == INT64_MAX);
    assert_true(batch->emitted == INT64_MAX);
    assert_int_equal(batch->dropped, 4);

    assert_true(wire_next_item(&batch->items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_ALERT);
    assert_int_equal(item.alert.level, WIRE_LEVEL_ERROR);
    assert_str(item.alert.title, "diverged");
    assert_str(item.alert.text, "loss is NaN");
    assert_true(item.alert.step == -5);
    assert_true(item.alert.time_ns == 12);
    assert_str(item.alert.webhook_url, "https://hooks.example/x");

    assert_true(wire_next_item(&batch->items, &item));
    assert_int_equal(item.alert.level, WIRE_LEVEL_INFO);
    assert_null(item.alert.text.ptr);
    assert_null(item.alert.webhook_url.ptr);
    assert_true(item.alert.step == WIRE_STEP_NONE);

    assert_true(wire_next_item(&batch->items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_CONFIG);
    assert_str(item.config, "{\"a\":[1]}");

    assert_true(wire_next_item(&batch->items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_FINISH);
    assert_int_equal(item.finish.ending, WIRE_ENDING_FAILED);
    assert_true(item.finish.time_ns == 99);
    assert_false(wire_next_item(&batch->items, &item));
}

static void metrics_round_trip_keeps_every_bit(void **state) {
    (void)state;
    decode_sample(8);
    struct wire_item item;
    assert_true(wire_next_item(&frame.batch.items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_GAP);
    assert_int_equal(item.gap.calls, 300);
    assert_true(item.gap.span.first_step == -7 && item.gap.span.last_step == 9);
    assert_true(item.gap.span.first_time_ns == 11 && item.gap.span.last_time_ns == 70000);
    assert_int_equal(wire_item_calls(&item), 0);

    assert_true(wire_next_item(&frame.batch.items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_KEYSET);
    assert_int_equal(item.keyset.kind, WIRE_SERIES_SYSTEM);
    assert_int_equal(item.keyset.columns, WIRE_SAMPLES_COLUMNS);
    struct str name;
    for (size_t i = 0; i < WIRE_SAMPLES_COLUMNS; i++) {
        assert_true(wire_next_name(&item.keyset.names, &name));
        assert_true(str_equal(name, wire_samples_names[i]));
    }
    assert_false(wire_next_name(&item.keyset.names, &name));
    const uint64_t keyset_id = item.keyset.keyset_id;

    assert_true(wire_next_item(&frame.batch.items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_BLOCK);
    assert_true(item.block.keyset_id == keyset_id);
    assert_int_equal(item.block.columns, WIRE_SAMPLES_COLUMNS);
    assert_int_equal(item.block.calls, WIRE_SAMPLES_CALLS);
    assert_int_equal(wire_item_calls(&item), WIRE_SAMPLES_CALLS);
    for (size_t i = 0; i < WIRE_SAMPLES_CALLS; i++) {
        assert_true(wire_i64_at(item.block.steps, i) == wire_samples_steps[i]);
        assert_true(wire_i64_at(item.block.times_ns, i) == wire_samples_times_ns[i]);
    }
    for (size_t i = 0; i < WIRE_SAMPLES_CALLS * WIRE_SAMPLES_COLUMNS; i++) {
        assert_true(wire_f64_bits_at(item.block.values, i) == wire_samples_values[i]);
    }
    assert_false(wire_next_item(&frame.batch.items, &item));
}

/* Computed by an independent FNV-1a 64 (Python). */
static void run_ids_are_the_documented_hash(void **state) {
    (void)state;
    const uint64_t id = wire_run_id(str_of("p"), str_of("launch 7"));
    assert_true(id == UINT64_C(0x72b90a5590356555));
    assert_true(id != wire_run_id(str_of("q"), str_of("launch 7")));
}

static void keyset_ids_are_the_documented_hash(void **state) {
    (void)state;
    const struct str names[] = {str_of("loss"), str_of("acc")};
    const struct str swapped[] = {str_of("acc"), str_of("loss")};
    const struct str joined[] = {str_of("lossacc")};
    const uint64_t id = wire_keyset_id(WIRE_SERIES_METRIC, 2, names);
    assert_true(id == UINT64_C(0x5352b486de66a8c8));
    assert_true(id != wire_keyset_id(WIRE_SERIES_SYSTEM, 2, names));
    assert_true(id != wire_keyset_id(WIRE_SERIES_METRIC, 2, swapped));
    assert_true(id != wire_keyset_id(WIRE_SERIES_METRIC, 1, joined));
    assert_true(id == wire_keyset_id_add(
                          wire_keyset_id_add(wire_keyset_id_begin(WIRE_SERIES_METRIC), names[0]),
                          names[1]));
}

/* A failing encoder leaves what the buffer held before. */
static void encoder_fails_clean(void **state) {
    (void)state;
    assert_int_equal(buf_append(&buf, "before", 6), ERR_OK);
    struct wire_hello hello = wire_samples_hello();
    hello.config = str_of("\xff");
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_UTF8);
    assert_int_equal(buf.len, 6);
    hello = wire_samples_hello();
    buf.max_bytes = 100;
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_TOO_LONG);
    assert_int_equal(buf.len, 6);
    assert_memory_equal(buf.ptr, "before", 6);
}

static void encoder_refuses_bad_hellos(void **state) {
    (void)state;
    char long_name[WIRE_NAME_BYTES_MAX + 1];
    memset(long_name, 'n', sizeof long_name);
    struct wire_hello hello = wire_samples_hello();
    hello.project = (struct str){.ptr = long_name, .len = WIRE_NAME_BYTES_MAX};
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_OK);
    hello.project.len++;
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_TOO_LONG);
    hello = wire_samples_hello();
    hello.name = str_of("");
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_VALUE);
    hello = wire_samples_hello();
    hello.rank = hello.world_size;
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_VALUE);
    hello = wire_samples_hello();
    hello.run_id = (uint64_t)INT64_MAX + 1;
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_VALUE);
    hello = wire_samples_hello();
    hello.started_ns = 0;
    assert_int_equal(wire_encode_hello(&hello, &buf), ERR_VALUE);
}

static void encoder_refuses_bad_items(void **state) {
    (void)state;
    struct wire_block_room room;
    const struct wire_batch batch = {.producer = wire_samples_id(), .seq = 1};
    const struct wire_batch unnumbered = {.producer = wire_samples_id(), .seq = 0};
    const struct wire_gap of_nothing = {.calls = 0};
    const struct wire_gap backwards = {.calls = 1, .span = {.first_step = 2, .last_step = 1}};
    const struct wire_alert untitled = {.title = str_of(""), .time_ns = 1};
    const struct wire_finish timeless = {.time_ns = 0};
    assert_int_equal(wire_begin_batch(&unnumbered, 1, &buf), ERR_VALUE);
    assert_int_equal(wire_begin_batch(&batch, WIRE_ITEMS_MAX + 1, &buf), ERR_TOO_LONG);
    assert_int_equal(wire_put_alert(&untitled, &buf), ERR_VALUE);
    assert_int_equal(wire_put_gap(&of_nothing, &buf), ERR_VALUE);
    assert_int_equal(wire_put_gap(&backwards, &buf), ERR_VALUE);
    assert_int_equal(wire_put_finish(&timeless, &buf), ERR_VALUE);
    assert_int_equal(wire_put_config(str_of(""), &buf), ERR_VALUE);
    assert_int_equal(wire_put_keyset(0, WIRE_SERIES_METRIC, 0, NULL, &buf), ERR_VALUE);
    assert_int_equal(wire_put_block(0, 0, 1, &buf, &room), ERR_VALUE);
    assert_int_equal(wire_put_block(0, 1, 0, &buf, &room), ERR_VALUE);
    assert_int_equal(wire_put_block(0, WIRE_KEYSET_COLUMNS_MAX + 1, 1, &buf, &room), ERR_VALUE);
    assert_int_equal(wire_put_block(0, 1, WIRE_BLOCK_CALLS_MAX + 1, &buf, &room), ERR_VALUE);
    /* 4096 columns of 65536 calls are each allowed, but not in one frame. */
    assert_int_equal(wire_put_block(0, WIRE_KEYSET_COLUMNS_MAX, WIRE_BLOCK_CALLS_MAX, &buf, &room),
                     ERR_TOO_LONG);
    assert_int_equal(buf.len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hello_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reject_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_batch_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metrics_round_trip_keeps_every_bit, set_up, tear_down),
        cmocka_unit_test(run_ids_are_the_documented_hash),
        cmocka_unit_test_setup_teardown(keyset_ids_are_the_documented_hash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encoder_fails_clean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encoder_refuses_bad_hellos, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encoder_refuses_bad_items, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
