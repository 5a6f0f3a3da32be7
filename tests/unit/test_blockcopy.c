/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/blockcopy.h"

/* A block made by hand: calls x columns, little-endian. */
struct sample {
    uint8_t steps[8 * 8];
    uint8_t times[8 * 8];
    uint8_t values[8 * 16];
    struct wire_block block;
};

static void fill(struct sample *sample, uint32_t calls, uint32_t columns, const int64_t *steps) {
    memset(sample, 0, sizeof *sample);
    for (uint32_t i = 0; i < calls; i++) {
        wire_store_u64(sample->steps, i, (uint64_t)steps[i]);
        wire_store_u64(sample->times, i, UINT64_C(946684800000000000) + i * 1000);
    }
    for (uint32_t i = 0; i < calls * columns; i++) {
        wire_store_u64(sample->values, i, UINT64_C(0x7ff8000000000000) + i); /* NaNs that differ */
    }
    sample->block = (struct wire_block){.keyset_id = UINT64_C(0xfedcba9876543210),
                                        .columns = columns,
                                        .calls = calls,
                                        .steps = sample->steps,
                                        .times_ns = sample->times,
                                        .values = sample->values};
}

static uint64_t read_big(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static const struct blockcopy_owner OWNER = {.run_id = 77, .rank = 3, .attempt = 2};

static void a_tuple_is_laid_out_as_copy_reads_it(void **state) {
    (void)state;
    struct sample sample;
    struct buf out;
    buf_init(&out, 10000);
    fill(&sample, 1, 2, (const int64_t[]){5});
    assert_int_equal(blockcopy_tuple(&OWNER, &sample.block, &out), ERR_OK);
    const uint8_t *at = out.ptr;
    assert_int_equal(read_big(at, 2), 9);
    assert_int_equal(read_big(at + 2, 4), 8);
    assert_int_equal(read_big(at + 6, 8), 77);
    assert_int_equal(read_big(at + 18, 8), UINT64_C(0xfedcba9876543210));
    assert_int_equal(read_big(at + 30, 8), 5);
    assert_int_equal(read_big(at + 42, 8), 5);
    assert_int_equal(read_big(at + 50, 4), 4);
    assert_int_equal(read_big(at + 54, 4), 3);
    assert_int_equal(read_big(at + 62, 4), 2);
    at += 66; /* steps: bytes, dimensions, nulls, oid, n, bound, element */
    assert_int_equal(read_big(at, 4), 20 + 12);
    assert_int_equal(read_big(at + 4, 4), 1);
    assert_int_equal(read_big(at + 8, 4), 0);
    assert_int_equal(read_big(at + 12, 4), 20);
    assert_int_equal(read_big(at + 16, 4), 1);
    assert_int_equal(read_big(at + 20, 4), 1);
    assert_int_equal(read_big(at + 24, 4), 8);
    assert_int_equal(read_big(at + 28, 8), 5);
    at += 36; /* times */
    assert_int_equal(read_big(at + 12, 4), 1184);
    assert_int_equal(read_big(at + 28, 8), 0);
    at += 36; /* values */
    assert_int_equal(read_big(at, 4), 20 + 2 * 12);
    assert_int_equal(read_big(at + 12, 4), 701);
    assert_int_equal(read_big(at + 16, 4), 2);
    assert_int_equal(read_big(at + 28, 8), UINT64_C(0x7ff8000000000000));
    assert_int_equal(read_big(at + 40, 8), UINT64_C(0x7ff8000000000001));
    assert_ptr_equal(at + 48, out.ptr + out.len);
    buf_fini(&out);
}

static void the_range_of_steps_is_minimum_and_maximum(void **state) {
    (void)state;
    struct sample sample;
    struct buf out;
    buf_init(&out, 10000);
    fill(&sample, 4, 1, (const int64_t[]){3, -9, INT64_MAX, 4});
    assert_int_equal(blockcopy_tuple(&OWNER, &sample.block, &out), ERR_OK);
    assert_int_equal((int64_t)read_big(out.ptr + 30, 8), -9);
    assert_int_equal((int64_t)read_big(out.ptr + 42, 8), INT64_MAX);
    buf_fini(&out);
}

static void a_full_buffer_stays_as_it_was(void **state) {
    (void)state;
    struct sample sample;
    struct buf out;
    fill(&sample, 1, 1, (const int64_t[]){1});
    buf_init(&out, 250);
    assert_int_equal(blockcopy_tuple(&OWNER, &sample.block, &out), ERR_OK);
    const size_t len = out.len;
    assert_int_equal(blockcopy_tuple(&OWNER, &sample.block, &out), ERR_TOO_LONG);
    assert_int_equal(out.len, len);
    buf_fini(&out);
}

static void header_and_trailer_are_those_of_the_format(void **state) {
    (void)state;
    static const uint8_t expected[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0,
                                       0,   0,   0,   0,   0,   0,   0,    0,    0xff, 0xff};
    struct buf out;
    buf_init(&out, 100);
    assert_int_equal(blockcopy_header(&out), ERR_OK);
    assert_int_equal(blockcopy_trailer(&out), ERR_OK);
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.ptr, expected, sizeof expected);
    buf_fini(&out);
}

/* The writer's buffer is sized by this: the worst block of a frame must fit. */
static void the_largest_block_of_a_frame_fits_its_bound(void **state) {
    (void)state;
    static uint8_t words[WIRE_FRAME_BYTES_MAX];
    const uint32_t calls = WIRE_FRAME_BYTES_MAX / 8 / 3; /* one column: steps, times, values */
    const struct wire_block block = {
        .columns = 1, .calls = calls, .steps = words, .times_ns = words, .values = words};
    struct buf out;
    buf_init(&out, BLOCKCOPY_TUPLE_BYTES_MAX);
    assert_int_equal(blockcopy_tuple(&OWNER, &block, &out), ERR_OK);
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tuple_is_laid_out_as_copy_reads_it),
        cmocka_unit_test(the_range_of_steps_is_minimum_and_maximum),
        cmocka_unit_test(a_full_buffer_stays_as_it_was),
        cmocka_unit_test(header_and_trailer_are_those_of_the_format),
        cmocka_unit_test(the_largest_block_of_a_frame_fits_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
