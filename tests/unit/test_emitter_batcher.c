/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of a ring become frames. Each test writes records as the calls do and reads the frame as
 * the collector does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/batcher.h"
#include "emitter/records.h"

#define RING_BYTES (4U * 1024 * 1024)

struct fixture {
    struct ring_shared shared;
    struct ring ring;
    struct keysets_area area;
    struct batcher *batcher;
    struct batcher_source source;
};

static int make(void **state) {
    struct fixture *f = aligned_alloc(64, (sizeof *f + 63) & ~(size_t)63);
    assert_non_null(f);
    memset(f, 0, sizeof *f);
    f->ring = (struct ring){.shared = &f->shared,
                            .bytes = aligned_alloc(64, RING_BYTES),
                            .size = RING_BYTES,
                            .key = 0x1234567};
    assert_non_null(f->ring.bytes);
    memset(f->ring.bytes, 0, RING_BYTES);
    f->batcher = batcher_new();
    f->source = (struct batcher_source){.ring = &f->ring, .keysets = keysets_new(&f->area)};
    assert_non_null(f->batcher);
    assert_non_null(f->source.keysets);
    *state = f;
    return 0;
}

static int drop(void **state) {
    struct fixture *f = *state;
    batcher_free(f->batcher);
    keysets_free(f->source.keysets);
    free(f->ring.bytes);
    free(f);
    return 0;
}

static uint32_t keyset(struct fixture *f, size_t n, const char *const *names) {
    uint32_t handle;
    assert_int_equal(keysets_add(f->source.keysets, WIRE_SERIES_METRIC, n, names, &handle), ERR_OK);
    return handle;
}

static void call(struct fixture *f, uint32_t handle, uint32_t columns, int64_t step) {
    double values[WIRE_KEYSET_COLUMNS_MAX];
    const struct records_call c = {
        .keyset = handle, .columns = columns, .step = step, .time_ns = 1000 + step};
    for (uint32_t i = 0; i < columns; i++) {
        values[i] = (double)step + 1000.0 * i;
    }
    assert_true(records_push_call(&f->ring, c, values));
}

/* Cuts batch seq from start, builds it and decodes it. */
static struct batcher_range cut_and_read(struct fixture *f, uint64_t start, uint64_t seq,
                                         struct wire_batch *out) {
    const struct batcher_range range = batcher_cut(f->batcher, &f->source, start, seq);
    const struct wire_batch head = {
        .producer = {{7}}, .lane = WIRE_LANE_METRICS, .seq = seq, .emitted = 50, .dropped = 3};
    struct str bytes;
    struct wire_frame frame;
    batcher_settle(f->batcher, &f->source, seq);
    assert_int_equal(batcher_build(f->batcher, &f->source, &range, &head, &bytes), ERR_OK);
    assert_true(bytes.len <= range.bytes);
    assert_int_equal(wire_decode(bytes.ptr, bytes.len, &frame), ERR_OK);
    assert_int_equal(frame.kind, WIRE_BATCH);
    assert_int_equal(frame.batch.emitted, 50);
    assert_int_equal(frame.batch.dropped, 3);
    assert_int_equal(frame.batch.seq, seq);
    *out = frame.batch;
    return range;
}

static struct wire_item next(struct wire_batch *batch) {
    struct wire_item item;
    assert_true(wire_next_item(&batch->items, &item));
    return item;
}

static void assert_block(const struct wire_item *item, const struct keysets_entry *entry,
                         uint32_t calls, const int64_t *steps) {
    assert_int_equal(item->kind, WIRE_ITEM_BLOCK);
    assert_int_equal(item->block.keyset_id, entry->id);
    assert_int_equal(item->block.columns, entry->columns);
    assert_int_equal(item->block.calls, calls);
    for (uint32_t i = 0; i < calls; i++) {
        assert_int_equal(wire_i64_at(item->block.steps, i), steps[i]);
        assert_int_equal(wire_i64_at(item->block.times_ns, i), 1000 + steps[i]);
        for (uint32_t c = 0; c < entry->columns; c++) {
            const uint64_t bits = wire_f64_bits_at(item->block.values, (size_t)c * calls + i);
            double value;
            memcpy(&value, &bits, sizeof value);
            assert_true(value == (double)steps[i] + 1000.0 * c);
        }
    }
}

static void calls_become_blocks_by_keyset_column_by_column(void **state) {
    struct fixture *f = *state;
    const char *const two[] = {"a", "b"};
    const char *const one[] = {"c"};
    struct wire_batch batch;
    struct str name;
    const uint32_t first = keyset(f, 2, two);
    const uint32_t second = keyset(f, 1, one);
    const int64_t steps[] = {5, 6, -7};
    call(f, first, 2, 5);
    call(f, second, 1, 100);
    call(f, first, 2, 6);
    call(f, first, 2, -7);
    const struct batcher_range range = cut_and_read(f, 0, 1, &batch);
    assert_int_equal(range.calls, 4);
    assert_false(range.full);
    struct wire_item item = next(&batch);
    assert_int_equal(item.kind, WIRE_ITEM_KEYSET);
    assert_int_equal(item.keyset.columns, 2);
    assert_true(wire_next_name(&item.keyset.names, &name));
    assert_true(str_equal(name, str_of("a")));
    item = next(&batch);
    assert_int_equal(item.kind, WIRE_ITEM_KEYSET);
    item = next(&batch);
    assert_block(&item, keysets_get(f->source.keysets, first), 3, steps);
    item = next(&batch);
    assert_block(&item, keysets_get(f->source.keysets, second), 1, (int64_t[]){100});
    assert_int_equal(batch.items.items_left, 0);
}

static void a_keyset_is_defined_in_its_first_batch_only(void **state) {
    struct fixture *f = *state;
    const char *const names[] = {"a"};
    struct wire_batch batch;
    const uint32_t handle = keyset(f, 1, names);
    call(f, handle, 1, 1);
    const struct batcher_range first = cut_and_read(f, 0, 1, &batch);
    assert_int_equal(batch.items.items_left, 2);
    call(f, handle, 1, 2);
    const struct batcher_range second = cut_and_read(f, first.end, 2, &batch);
    assert_int_equal(second.start, first.end);
    assert_int_equal(batch.items.items_left, 1);
    assert_int_equal(next(&batch).kind, WIRE_ITEM_BLOCK);
}

/* A batch that is sent again is built again: it must be the same, byte by byte, although keysets
 * and calls have come since. */
static void a_batch_that_is_built_again_is_the_same(void **state) {
    struct fixture *f = *state;
    const char *const names[] = {"a", "b"};
    const struct wire_batch head = {.lane = WIRE_LANE_METRICS, .seq = 1, .emitted = 1};
    struct str bytes;
    call(f, keyset(f, 1, names), 1, 1);
    const struct batcher_range range = batcher_cut(f->batcher, &f->source, 0, 1);
    batcher_settle(f->batcher, &f->source, 1);
    assert_int_equal(batcher_build(f->batcher, &f->source, &range, &head, &bytes), ERR_OK);
    char copy[512];
    const size_t len = bytes.len;
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes.ptr, len);
    call(f, keyset(f, 1, names), 1, 2);
    call(f, keyset(f, 2, names), 2, 3);
    const struct batcher_range later = batcher_cut(f->batcher, &f->source, range.end, 2);
    batcher_settle(f->batcher, &f->source, 2);
    assert_int_equal(later.calls, 2);
    assert_int_equal(batcher_build(f->batcher, &f->source, &range, &head, &bytes), ERR_OK);
    assert_int_equal(bytes.len, len);
    assert_memory_equal(bytes.ptr, copy, len);
}

static void a_batch_ends_at_the_target_and_the_next_goes_on(void **state) {
    struct fixture *f = *state;
    const char *const names[] = {"a"};
    struct wire_batch batch;
    const uint32_t handle = keyset(f, 1, names);
    uint64_t at = 0;
    uint64_t calls = 0;
    for (int i = 0; i < 10000; i++) {
        call(f, handle, 1, i);
    }
    for (uint64_t seq = 1; calls < 10000; seq++) {
        const struct batcher_range range = cut_and_read(f, at, seq, &batch);
        assert_true(range.bytes <= WIRE_FRAME_BYTES_TARGET);
        assert_true(range.calls > 2000 || !range.full);
        at = range.end;
        calls += range.calls;
    }
    assert_int_equal(calls, 10000);
    assert_int_equal(batcher_cut(f->batcher, &f->source, at, 99).calls, 0);
}

/* The longest call with the longest names is larger than the target: it is a batch of its own. */
static void the_largest_call_is_a_batch(void **state) {
    struct fixture *f = *state;
    static char texts[WIRE_KEYSET_COLUMNS_MAX][64];
    static const char *names[WIRE_KEYSET_COLUMNS_MAX];
    struct wire_batch batch;
    for (int i = 0; i < WIRE_KEYSET_COLUMNS_MAX; i++) {
        snprintf(texts[i], sizeof texts[i], "%063d", i);
        names[i] = texts[i];
    }
    const uint32_t handle = keyset(f, WIRE_KEYSET_COLUMNS_MAX, names);
    call(f, handle, WIRE_KEYSET_COLUMNS_MAX, 1);
    call(f, handle, WIRE_KEYSET_COLUMNS_MAX, 2);
    const struct batcher_range range = cut_and_read(f, 0, 1, &batch);
    assert_int_equal(range.calls, 1);
    assert_true(range.full);
    assert_int_equal(next(&batch).keyset.columns, WIRE_KEYSET_COLUMNS_MAX);
    assert_int_equal(next(&batch).block.calls, 1);
}

static void many_keysets_are_spread_over_batches(void **state) {
    struct fixture *f = *state;
    struct wire_batch batch;
    uint64_t at = 0;
    uint64_t calls = 0;
    for (int i = 0; i < 1000; i++) {
        char name[16];
        const char *const names[] = {name};
        snprintf(name, sizeof name, "m%d", i);
        call(f, keyset(f, 1, names), 1, i);
    }
    for (uint64_t seq = 1; calls < 1000; seq++) {
        const struct batcher_range range = cut_and_read(f, at, seq, &batch);
        assert_true(range.calls > 0);
        assert_int_equal(batch.items.items_left, 2 * range.calls);
        at = range.end;
        calls += range.calls;
    }
    assert_int_equal(calls, 1000);
}

static void events_keep_their_texts_and_what_is_absent(void **state) {
    struct fixture *f = *state;
    const struct wire_alert whole = {.level = WIRE_LEVEL_ERROR,
                                     .title = str_of("title"),
                                     .text = str_of("text"),
                                     .step = -3,
                                     .time_ns = 9,
                                     .webhook_url = str_of("https://example.org")};
    const struct wire_alert bare = {
        .level = WIRE_LEVEL_INFO, .title = str_of("t"), .step = WIRE_STEP_NONE, .time_ns = 10};
    const struct wire_finish finish = {.ending = WIRE_ENDING_FAILED, .time_ns = 11};
    const struct wire_batch head = {.lane = WIRE_LANE_EVENTS, .seq = 1, .emitted = 4};
    struct str bytes;
    struct wire_frame frame;
    assert_true(records_push_alert(&f->ring, &whole));
    assert_true(records_push_alert(&f->ring, &bare));
    assert_true(records_push_config(&f->ring, str_of("{}")));
    assert_true(records_push_finish(&f->ring, finish));
    const struct batcher_range range = batcher_cut(f->batcher, &f->source, 0, 1);
    assert_int_equal(batcher_build(f->batcher, &f->source, &range, &head, &bytes), ERR_OK);
    assert_int_equal(wire_decode(bytes.ptr, bytes.len, &frame), ERR_OK);
    const struct wire_alert a = next(&frame.batch).alert;
    assert_int_equal(a.level, WIRE_LEVEL_ERROR);
    assert_true(str_equal(a.title, whole.title) && str_equal(a.text, whole.text));
    assert_true(str_equal(a.webhook_url, whole.webhook_url));
    assert_int_equal(a.step, -3);
    assert_int_equal(a.time_ns, 9);
    const struct wire_alert b = next(&frame.batch).alert;
    assert_null(b.text.ptr);
    assert_null(b.webhook_url.ptr);
    assert_true(b.step == WIRE_STEP_NONE);
    assert_true(str_equal(next(&frame.batch).config, str_of("{}")));
    assert_int_equal(next(&frame.batch).finish.ending, WIRE_ENDING_FAILED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(calls_become_blocks_by_keyset_column_by_column),
        TEST(a_keyset_is_defined_in_its_first_batch_only),
        TEST(a_batch_that_is_built_again_is_the_same),
        TEST(a_batch_ends_at_the_target_and_the_next_goes_on),
        TEST(the_largest_call_is_a_batch),
        TEST(many_keysets_are_spread_over_batches),
        TEST(events_keep_their_texts_and_what_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
