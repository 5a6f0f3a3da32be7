/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "collector/group.h"

/* A message with one metrics batch of a gap, which is no call, and a block of `calls` calls and 2
 * columns. */
static struct message *make(uint8_t id, uint64_t seq, uint32_t calls) {
    struct buf frame;
    struct wire_block_room room;
    const struct wire_gap gap = {.calls = 100, .span = WIRE_SPAN_NONE};
    const struct wire_batch batch = {.producer = {{id}},
                                     .lane = WIRE_LANE_METRICS,
                                     .seq = seq,
                                     .emitted = seq * 10,
                                     .dropped = seq};
    buf_init(&frame, WIRE_FRAME_BYTES_MAX);
    assert_int_equal(wire_begin_batch(&batch, 2, &frame), ERR_OK);
    assert_int_equal(wire_put_gap(&gap, &frame), ERR_OK);
    assert_int_equal(wire_put_block(9, 2, calls, &frame, &room), ERR_OK);
    for (uint32_t i = 0; i < calls; i++) {
        wire_store_u64(room.steps, i, i);
        wire_store_u64(room.times_ns, i, 1);
        wire_store_u64(room.values, i, 0);
        wire_store_u64(room.values, calls + i, 0);
    }
    struct message *message = message_new(frame.len, frame.ptr);
    assert_int_equal(wire_decode(message->bytes, message->len, &message->frame), ERR_OK);
    buf_fini(&frame);
    return message;
}

static struct producer *add_producer(struct roster *roster, uint8_t id, uint64_t run_id,
                                     uint64_t last_seq) {
    struct producer *producer = roster_add(roster, &(struct wire_id){{id}});
    producer->run_id = run_id;
    producer->last_seq[WIRE_LANE_METRICS] = last_seq;
    return producer;
}

struct fixture {
    struct roster *roster;
    struct group group;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->roster = roster_new(100, 1000000);
    group_init(&f->group);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    group_fini(&f->group);
    roster_free(f->roster);
    free(f);
    return 0;
}

static void batches_of_a_stream_are_joined(void **state) {
    struct fixture *f = *state;
    struct producer *producer = add_producer(f->roster, 1, 10, 4);
    struct message *five = make(1, 5, 3);
    struct message *six = make(1, 6, 2);
    assert_int_equal(group_add(&f->group, f->roster, five), GROUP_ADDED);
    assert_int_equal(group_add(&f->group, f->roster, six), GROUP_ADDED);
    group_seal(&f->group);
    assert_int_equal(f->group.n, 1);
    const struct group_stream *stream = &f->group.streams[0];
    assert_ptr_equal(stream->producer, producer);
    assert_int_equal(stream->prior, 4);
    assert_int_equal(stream->last, 6);
    assert_int_equal(stream->calls, 5);
    assert_int_equal(stream->emitted, 60);
    assert_int_equal(stream->dropped, 6);
    assert_ptr_equal(stream->first, five);
    assert_ptr_equal(five->next, six);
    assert_null(six->next);
    assert_int_equal(f->group.points, 10);
    assert_int_equal(f->group.gaps, 2);
    assert_int_equal(producer->last_seq[WIRE_LANE_METRICS], 4); /* nothing is committed yet */
    free(five);
    free(six);
}

static void verdicts_follow_the_last_sequence_number(void **state) {
    struct fixture *f = *state;
    add_producer(f->roster, 1, 10, 4);
    static const struct {
        uint8_t id;
        uint64_t seq;
        enum group_verdict verdict;
    } cases[] = {
        {2, 1, GROUP_UNKNOWN}, {1, 4, GROUP_DUPLICATE}, {1, 6, GROUP_GAP},
        {1, 5, GROUP_ADDED},   {1, 5, GROUP_DUPLICATE}, {1, 7, GROUP_GAP},
    };
    struct message *messages[6];
    for (size_t i = 0; i < 6; i++) {
        messages[i] = make(cases[i].id, cases[i].seq, 1);
        assert_int_equal(group_add(&f->group, f->roster, messages[i]), cases[i].verdict);
    }
    assert_int_equal(f->group.batches, 1);
    for (size_t i = 0; i < 6; i++) {
        free(messages[i]);
    }
}

static void streams_are_sorted_by_run_then_producer(void **state) {
    struct fixture *f = *state;
    add_producer(f->roster, 9, 1, 0);
    add_producer(f->roster, 3, 2, 0);
    add_producer(f->roster, 2, 2, 0);
    struct message *messages[] = {make(3, 1, 1), make(2, 1, 1), make(9, 1, 1)};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(group_add(&f->group, f->roster, messages[i]), GROUP_ADDED);
    }
    group_seal(&f->group);
    assert_int_equal(f->group.streams[0].producer->id.bytes[0], 9);
    assert_int_equal(f->group.streams[1].producer->id.bytes[0], 2);
    assert_int_equal(f->group.streams[2].producer->id.bytes[0], 3);
    for (size_t i = 0; i < 3; i++) {
        free(messages[i]);
    }
}

/* After a failed transaction the same messages are grouped again, from where the stream stands
 * then. */
static void a_cleared_group_can_be_built_anew(void **state) {
    struct fixture *f = *state;
    struct producer *producer = add_producer(f->roster, 1, 10, 0);
    struct message *one = make(1, 1, 1);
    struct message *two = make(1, 2, 1);
    assert_int_equal(group_add(&f->group, f->roster, one), GROUP_ADDED);
    assert_int_equal(group_add(&f->group, f->roster, two), GROUP_ADDED);
    group_seal(&f->group);
    group_clear(&f->group);
    producer->last_seq[WIRE_LANE_METRICS] = 1; /* another collector committed the first */
    assert_int_equal(group_add(&f->group, f->roster, one), GROUP_DUPLICATE);
    assert_int_equal(group_add(&f->group, f->roster, two), GROUP_ADDED);
    assert_ptr_equal(f->group.streams[0].first, two);
    assert_null(two->next);
    free(one);
    free(two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(batches_of_a_stream_are_joined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(verdicts_follow_the_last_sequence_number, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(streams_are_sorted_by_run_then_producer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cleared_group_can_be_built_anew, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
