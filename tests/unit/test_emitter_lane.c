/* SPDX-License-Identifier: Apache-2.0 */
/* One lane over a ring of one page in memory: what its batches say of the calls that it dropped. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "emitter/lane.h"
#include "emitter/records.h"

#define WINDOW        8
#define TIME_NS(step) (1000 + (step))

struct fixture {
    struct ringfile file;
    struct lane lane;
    struct batcher *batcher;
    uint32_t keyset;
};

static const char *const names[] = {"loss"};
static const struct wire_id former = {{1}};
static const struct wire_id later = {{2}};

static struct ring *ring_of(struct fixture *f) {
    return &f->file.rings[WIRE_LANE_METRICS];
}

static int make(void **state) {
    static struct fixture f;
    f = (struct fixture){.batcher = batcher_new()};
    assert_int_equal(ringfile_for_spool(str_of("hello"), &f.file), ERR_OK);
    f.lane = (struct lane){.file = &f.file.header->lanes[WIRE_LANE_METRICS],
                           .source = {.ring = ring_of(&f), .keysets = keysets_new(f.file.keysets)},
                           .id = WIRE_LANE_METRICS,
                           .producer = former,
                           .window = WINDOW};
    lane_init(&f.lane);
    assert_int_equal(keysets_add(f.lane.source.keysets, WIRE_SERIES_METRIC, 1, names, &f.keyset),
                     ERR_OK);
    *state = &f;
    return 0;
}

static int drop(void **state) {
    struct fixture *f = *state;
    lane_fini(&f->lane);
    keysets_free(f->lane.source.keysets);
    batcher_free(f->batcher);
    ringfile_close(&f->file, false);
    return 0;
}

/* As tocsin_log() does. True: stored. */
static bool log_step(struct fixture *f, int64_t step) {
    const struct records_call call = {
        .keyset = f->keyset, .columns = 1, .step = step, .time_ns = TIME_NS(step)};
    struct ring_shared *shared = ring_of(f)->shared;
    const double value = 1;
    atomic_fetch_add(&shared->emitted, 1);
    if (records_push_call(ring_of(f), call, &value)) {
        return true;
    }
    gap_note(&shared->gap, &shared->dropped, step, TIME_NS(step));
    return false;
}

/* Logs until the ring is full, and `more` calls behind that. Returns the first step dropped. */
static int64_t flood(struct fixture *f, int64_t step, int64_t more) {
    while (log_step(f, step)) {
        step++;
    }
    for (int64_t i = 1; i <= more; i++) {
        assert_false(log_step(f, step + i));
    }
    return step;
}

/* The next batch, sent. */
static struct wire_batch send_next(struct fixture *f, struct buf *room) {
    struct wire_frame frame;
    struct str bytes;
    uint64_t len;
    assert_true(lane_next(&f->lane, &len));
    assert_int_equal(lane_build(&f->lane, f->batcher, &bytes), ERR_OK);
    assert_true(bytes.len <= len);
    buf_clear(room);
    assert_int_equal(buf_append(room, bytes.ptr, bytes.len), ERR_OK);
    assert_int_equal(wire_decode(room->ptr, room->len, &frame), ERR_OK);
    lane_sent(&f->lane);
    return frame.batch;
}

/* The gap that the batch begins with. */
static struct wire_gap gap_of(const struct wire_batch *batch) {
    struct wire_cursor items = batch->items;
    struct wire_item item;
    assert_true(wire_next_item(&items, &item));
    assert_int_equal(item.kind, WIRE_ITEM_GAP);
    return item.gap;
}

static void assert_gap(struct wire_gap gap, uint64_t calls, int64_t first, int64_t last) {
    assert_int_equal(gap.calls, calls);
    assert_true(gap.span.first_step == first);
    assert_true(gap.span.last_step == last);
    assert_true(gap.span.first_time_ns == TIME_NS(first));
    assert_true(gap.span.last_time_ns == TIME_NS(last));
}

static void cut(struct fixture *f) {
    lane_cut(&f->lane, f->batcher, 1, true);
}

static void a_gap_is_told_once_and_the_same_when_it_is_sent_again(void **state) {
    struct fixture *f = *state;
    struct buf first;
    struct buf again;
    buf_init(&first, WIRE_FRAME_BYTES_MAX);
    buf_init(&again, WIRE_FRAME_BYTES_MAX);
    const int64_t step = flood(f, 0, 4);
    cut(f);
    struct wire_batch batch = send_next(f, &first);
    assert_int_equal(batch.dropped, 5);
    assert_gap(gap_of(&batch), 5, step, step + 4);
    assert_false(log_step(f, step + 5)); /* is not that batch's any more */
    lane_rewind(&f->lane);
    send_next(f, &again);
    assert_int_equal(again.len, first.len);
    assert_memory_equal(again.ptr, first.ptr, first.len);
    assert_true(lane_acknowledge(&f->lane, 1));
    cut(f);
    batch = send_next(f, &again);
    assert_int_equal(batch.dropped, 6);
    assert_gap(gap_of(&batch), 1, step + 5, step + 5);
    buf_fini(&first);
    buf_fini(&again);
}

static void another_producer_is_told_what_the_former_was_not(void **state) {
    struct fixture *f = *state;
    struct buf room;
    buf_init(&room, WIRE_FRAME_BYTES_MAX);
    int64_t step = flood(f, 0, 0);
    cut(f);
    send_next(f, &room);
    assert_true(lane_acknowledge(&f->lane, 1));
    const int64_t first = flood(f, step + 1, 1);
    cut(f);
    assert_false(log_step(f, first + 2));
    cut(f); /* carries totals only */
    assert_false(log_step(f, first + 3));
    lane_restart(&f->lane, &later);
    keysets_define_again(f->lane.source.keysets);
    cut(f);
    const struct wire_batch batch = send_next(f, &room);
    assert_int_equal(batch.seq, 1);
    assert_int_equal(batch.dropped, 4);
    assert_gap(gap_of(&batch), 4, first, first + 3);
    assert_int_equal(batch.emitted, (uint64_t)(first + 3 - step)); /* since what was acknowledged */
    assert_true(lane_acknowledge(&f->lane, 1));
    assert_true(lane_is_empty(&f->lane));
    buf_fini(&room);
}

static void calls_without_a_step_have_times(void **state) {
    struct fixture *f = *state;
    struct ring_shared *shared = ring_of(f)->shared;
    struct buf room;
    buf_init(&room, WIRE_FRAME_BYTES_MAX);
    atomic_fetch_add(&shared->emitted, 2);
    gap_note(&shared->gap, &shared->dropped, WIRE_STEP_NONE, 7);
    gap_note(&shared->gap, &shared->dropped, WIRE_STEP_NONE, 5); /* the clock was set back */
    cut(f);
    const struct wire_batch batch = send_next(f, &room);
    const struct wire_gap gap = gap_of(&batch);
    assert_int_equal(gap.calls, 2);
    assert_true(gap.span.first_step == WIRE_STEP_NONE && gap.span.last_step == WIRE_STEP_NONE);
    assert_true(gap.span.first_time_ns == 5 && gap.span.last_time_ns == 7);
    buf_fini(&room);
}

/* Neither a thread that logs nor the courier waits for it. */
static void a_thread_that_died_with_the_lock_costs_bounds_and_no_call(void **state) {
    struct fixture *f = *state;
    struct buf room;
    buf_init(&room, WIRE_FRAME_BYTES_MAX);
    atomic_store(&ring_of(f)->shared->gap.busy, 1);
    flood(f, 0, 2);
    cut(f);
    const struct wire_batch batch = send_next(f, &room);
    const struct wire_gap gap = gap_of(&batch);
    assert_int_equal(gap.calls, 3);
    assert_true(gap.span.first_step == WIRE_STEP_NONE);
    assert_true(gap.span.first_time_ns == WIRE_TIME_NONE);
    buf_fini(&room);
}

static void what_a_killed_process_left_half_noted_is_made_whole(void **state) {
    (void)state;
    struct gap gap;
    gap_init(&gap);
    atomic_store(&gap.busy, 1);
    gap.open.first_step = 5;
    gap.open.last_time_ns = 9;
    assert_true(gap_heal(&gap));
    assert_int_equal(atomic_load(&gap.busy), 0);
    assert_true(gap.open.last_step == 5 && gap.open.first_time_ns == 9);
    gap.kept.first_step = 2;
    gap.kept.last_step = 1;
    assert_false(gap_heal(&gap));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_gap_is_told_once_and_the_same_when_it_is_sent_again),
        TEST(another_producer_is_told_what_the_former_was_not),
        TEST(calls_without_a_step_have_times),
        TEST(a_thread_that_died_with_the_lock_costs_bounds_and_no_call),
        cmocka_unit_test(what_a_killed_process_left_half_noted_is_made_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
