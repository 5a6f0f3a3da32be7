/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/wire/wire.h"
#include "tests/unit/wire_samples.h"

/* Frames that somebody hostile, broken or newer would send: refused, with the right reason, and
 * without one allocation. */

/* The linker sends every malloc, calloc and realloc of the code under test here (--wrap). */
static unsigned allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *ptr, size_t size) {
    allocations++;
    return __real_realloc(ptr, size);
}

static struct buf buf;
static struct wire_frame frame;

static int set_up(void **state) {
    (void)state;
    buf_init(&buf, WIRE_FRAME_BYTES_MAX + 16);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    buf_fini(&buf);
    return 0;
}

/* Decodes a copy of exactly len bytes, so that AddressSanitizer sees a read past the end, and
 * asserts that a refused frame leaves the output alone. */
static enum err decode_exact(const void *bytes, size_t len) {
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    struct wire_frame untouched;
    memset(&untouched, 0x55, sizeof untouched);
    memset(&frame, 0x55, sizeof frame);
    const unsigned before = allocations;
    const enum err err = wire_decode(copy, len, &frame);
    assert_int_equal(allocations, before);
    if (err != ERR_OK) {
        assert_memory_equal(&frame, &untouched, sizeof frame);
    }
    free(copy);
    return err;
}

/* Walks everything that the frame holds, reading all of its bytes. Returns the number of items. */
static unsigned walk(struct wire_cursor items) {
    unsigned n = 0;
    uint64_t sum = 0;
    for (struct wire_item item; wire_next_item(&items, &item); n++) {
        struct str name;
        while (item.kind == WIRE_ITEM_KEYSET && wire_next_name(&item.keyset.names, &name)) {
            sum += str_is_text(name);
        }
        for (size_t i = 0;
             item.kind == WIRE_ITEM_BLOCK && i < (size_t)item.block.calls * item.block.columns;
             i++) {
            sum += wire_f64_bits_at(item.block.values, i);
        }
    }
    assert_true(sum < UINT64_MAX);
    return n;
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    for (int i = 0; i < WIRE_SAMPLES_N; i++) {
        wire_samples_encode(i, &buf);
        for (size_t len = 0; len < buf.len; len++) {
            assert_int_not_equal(decode_exact(buf.ptr, len), ERR_OK);
        }
        assert_int_equal(decode_exact(buf.ptr, buf.len), ERR_OK);
    }
}

static void trailing_bytes_are_refused(void **state) {
    (void)state;
    for (int i = 0; i < WIRE_SAMPLES_N; i++) {
        wire_samples_encode(i, &buf);
        assert_int_equal(buf_append(&buf, "\xc0", 1), ERR_OK);
        assert_int_equal(decode_exact(buf.ptr, buf.len), ERR_TRAILING);
    }
}

/* Whatever one byte becomes, the decoder refuses, or the walk that follows stays inside. */
static void every_changed_byte_is_survived(void **state) {
    (void)state;
    static const uint8_t changes[] = {0x00, 0x01, 0x7f, 0x80, 0x9f, 0xc0, 0xc6,
                                      0xcf, 0xd3, 0xdb, 0xdd, 0xe0, 0xff};
    for (int i = 0; i < WIRE_SAMPLES_N; i++) {
        wire_samples_encode(i, &buf);
        for (size_t at = 0; at < buf.len; at++) {
            const uint8_t original = buf.ptr[at];
            for (size_t c = 0; c < sizeof changes; c++) {
                buf.ptr[at] = changes[c];
                const unsigned before = allocations;
                const enum err err = wire_decode(buf.ptr, buf.len, &frame);
                if (err == ERR_OK && frame.kind == WIRE_BATCH) {
                    assert_int_equal(walk(frame.batch.items), frame.batch.items.items_left);
                }
                assert_int_equal(allocations, before);
            }
            buf.ptr[at] = original;
        }
    }
}

static void the_counter_counts(void **state) {
    (void)state;
    const unsigned before = allocations;
    assert_int_equal(buf_append(&buf, "x", 1), ERR_OK);
    assert_int_not_equal(allocations, before);
}

static void other_protocols_are_refused(void **state) {
    (void)state;
    wire_samples_encode(2, &buf);
    buf.ptr[5] = '2';
    assert_int_equal(decode_exact(buf.ptr, buf.len), ERR_VERSION);
    buf.ptr[5] = '1';
    buf.ptr[4] = 'X';
    assert_int_equal(decode_exact(buf.ptr, buf.len), ERR_MAGIC);
    assert_int_equal(decode_exact("GET / HTTP/1.1\r\n", 16), ERR_MAGIC);
    assert_int_equal(decode_exact("", 0), ERR_MAGIC);
    assert_int_equal(decode_exact("\xdd\xff\xff\xff\xff", 5), ERR_MAGIC);
}

static void oversized_frames_are_refused_unread(void **state) {
    (void)state;
    uint8_t *at;
    wire_samples_encode(2, &buf);
    assert_int_equal(buf_extend(&buf, WIRE_FRAME_BYTES_MAX + 1 - buf.len, &at), ERR_OK);
    assert_int_equal(wire_decode(buf.ptr, buf.len, &frame), ERR_TOO_LONG);
}

/* Batches written by hand: HEAD, the lane, seq 1, emitted 0, dropped 0, then the row's bytes. */
#define HEAD                                                                                       \
    "\x98\xa4TCS1\x02\xc4\x10"                                                                     \
    "0123456789abcdef"
#define COUNTS  "\x01\x00\x00"
#define EVENTS  HEAD "\x00" COUNTS
#define METRICS HEAD "\x01" COUNTS
#define I64     "\0\0\0\0\0\0\0\1"
/* A hello up to its run id, and from resume on. */
#define HELLO_HEAD                                                                                 \
    "\xdc\x00\x10\xa4TCS1\x01\xc4\x10"                                                             \
    "0123456789abcdef"
#define HELLO_TAIL "\x00\x01\x01\xa1p\xa1r\xa0\xa0\xa0\xa0\xa0"
#define ROW(err, bytes)                                                                            \
    { #bytes, err, bytes, sizeof(bytes) - 1 }

static const struct {
    const char *what;
    enum err want;
    const char *bytes;
    size_t len;
} hostile_rows[] = {
    /* control: the hand-written head is right */
    ROW(ERR_OK, METRICS "\x90"),
    ROW(ERR_OK, EVENTS "\x91\x93\x04\x00\x01"),
    ROW(ERR_OK, METRICS "\x91\x97\x02\x05\x01\x01\xc4\x08" I64 "\xc4\x08" I64 "\xc4\x08" I64),
    /* bombs: counts and lengths that promise what is not there */
    ROW(ERR_TOO_LONG, METRICS "\xdd\xff\xff\xff\xff"),
    ROW(ERR_TOO_LONG, METRICS "\xdc\x10\x01"),
    ROW(ERR_TRUNCATED, METRICS "\xdc\x10\x00"),
    ROW(ERR_TYPE, METRICS "\x91\xdd\xff\xff\xff\xff\x02"),
    ROW(ERR_TOO_LONG, METRICS "\x91\x94\x01\x05\x00\xdd\xff\xff\xff\xff"),
    ROW(ERR_TOO_LONG, METRICS "\x91\x94\x01\x05\x00\x91\xdb\xff\xff\xff\xff"),
    ROW(ERR_TOO_LONG, EVENTS "\x91\x92\x05\xdb\xff\xff\xff\xff"),
    ROW(ERR_TRUNCATED, EVENTS "\x91\x92\x05\xdb\x00\x04\x00\x00"),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\x01\x01\xc6\xff\xff\xff\xff"),
    ROW(ERR_TYPE, EVENTS "\x91\x92\x05\x91\x91\x91\x91\x91\x91\x91"),
    ROW(ERR_TYPE, EVENTS "\x91\x92\x05\xdf\xff\xff\xff\xff"),
    /* blocks whose arrays are not what columns and calls say */
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\x00\x01\xc4\x08" I64 "\xc4\x08" I64 "\xc4\x00"),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\x01\x00\xc4\x00\xc4\x00\xc4\x00"),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\x02\x01\xc4\x08" I64 "\xc4\x08" I64 "\xc4\x08" I64),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\x01\x01\xc4\x07" I64 "\xc4\x08" I64 "\xc4\x08" I64),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\xcd\x10\x01\x01\xc4\x08" I64),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\x01\xce\x00\x01\x00\x01\xc4\x08" I64),
    ROW(ERR_VALUE, METRICS "\x91\x97\x02\x05\xcf\x20\x00\x00\x00\x00\x00\x00\x01\x01\xc4\x08" I64),
    ROW(ERR_TYPE, METRICS "\x91\x97\x02\x05\x01\x01\xa8" I64 "\xc4\x08" I64 "\xc4\x08" I64),
    /* keysets: wrong id, no columns, empty name, bad text */
    ROW(ERR_VALUE, METRICS "\x91\x94\x01\x05\x00\x91\xa4loss"),
    ROW(ERR_VALUE, METRICS "\x91\x94\x01\x05\x00\x90"),
    ROW(ERR_VALUE, METRICS "\x91\x94\x01\x05\x00\x91\xa0"),
    ROW(ERR_UTF8, METRICS "\x91\x94\x01\x05\x00\x91\xa2\xc3\x28"),
    ROW(ERR_UTF8, METRICS "\x91\x94\x01\x05\x00\x91\xa3"
                          "a\0b"),
    ROW(ERR_VALUE, METRICS "\x91\x94\x01\x05\x02\x91\xa4loss"),
    /* items on the wrong lane, of no known kind, of the wrong arity */
    ROW(ERR_VALUE, METRICS "\x91\x93\x04\x00\x01"),
    ROW(ERR_VALUE, EVENTS "\x91\x97\x02\x05\x01\x01\xc4\x08" I64 "\xc4\x08" I64 "\xc4\x08" I64),
    ROW(ERR_VALUE, METRICS "\x91\x92\x07\x00"),
    ROW(ERR_VALUE, METRICS "\x91\x92\x00\x00"),
    ROW(ERR_TYPE, EVENTS "\x91\x94\x04\x00\x01\x00"),
    /* numbers out of range */
    ROW(ERR_VALUE, EVENTS "\x91\x93\x04\x02\x01"),
    ROW(ERR_VALUE, EVENTS "\x91\x93\x04\x00\x00"),
    ROW(ERR_VALUE, EVENTS "\x91\x93\x04\x00\xff"),
    ROW(ERR_VALUE, EVENTS "\x91\x93\x04\x00\xcf\x80\0\0\0\0\0\0\0"),
    ROW(ERR_VALUE, EVENTS "\x91\x97\x03\x03\xa1t\xc0\xc0\x01\xc0"),
    ROW(ERR_VALUE, EVENTS "\x91\x97\x03\x00\xa0\xc0\xc0\x01\xc0"),
    ROW(ERR_TYPE, EVENTS "\x91\x97\x03\x00\xc0\xc0\xc0\x01\xc0"),
    ROW(ERR_TYPE, EVENTS "\x91\x97\x03\x00\xa1t\xc0\xcb\0\0\0\0\0\0\0\0\x01\xc0"),
    ROW(ERR_VALUE, HEAD "\x02" COUNTS "\x90"),
    ROW(ERR_VALUE, HEAD "\x01\x00\x00\x00\x90"),
    ROW(ERR_VALUE, HEAD "\x01\xff\x00\x00\x90"),
    ROW(ERR_VALUE, HEAD "\x01\xcf\x80\0\0\0\0\0\0\0\x00\x00\x90"),
    /* hellos: a rank outside of its world, a run id of 64 bits */
    ROW(ERR_OK, HELLO_HEAD "\x07\x00\x01" HELLO_TAIL),
    ROW(ERR_VALUE, HELLO_HEAD "\x07\x01\x01" HELLO_TAIL),
    ROW(ERR_VALUE, HELLO_HEAD "\x07\x00\x00" HELLO_TAIL),
    ROW(ERR_VALUE, HELLO_HEAD "\x07\x00\xce\x00\x10\x00\x01" HELLO_TAIL),
    ROW(ERR_VALUE, HELLO_HEAD "\xcf\x80\0\0\0\0\0\0\0\x00\x01" HELLO_TAIL),
    /* frames: no such kind, wrong arity, id of the wrong length or type */
    ROW(ERR_VALUE, "\x92\xa4TCS1\x63"),
    ROW(ERR_TYPE, "\x97\xa4TCS1\x02\xc4\x10"
                  "0123456789abcdef"
                  "\x01\x01\x00\x00"),
    ROW(ERR_VALUE, "\x98\xa4TCS1\x02\xc4\x0f"
                   "0123456789abcde"
                   "\x01\x01\x00\x00\x90"),
    ROW(ERR_TYPE, "\x98\xa4TCS1\x02\xb0"
                  "0123456789abcdef"
                  "\x01\x01\x00\x00\x90"),
    ROW(ERR_VALUE, "\x95\xa4TCS1\x11\xc4\x10"
                   "0123456789abcdef"
                   "\x02\x01"),
    ROW(ERR_VALUE, "\x96\xa4TCS1\x12\xc4\x10"
                   "0123456789abcdef"
                   "\x01\x01\x02"),
    ROW(ERR_VALUE, "\x95\xa4TCS1\x13\xc0\xcd\x01\x00\xa0"),
};

static void hostile_frames_are_refused_for_the_right_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof hostile_rows / sizeof hostile_rows[0]; i++) {
        const enum err err = decode_exact(hostile_rows[i].bytes, hostile_rows[i].len);
        if (err != hostile_rows[i].want) {
            fail_msg("row %zu, %s: %s", i, hostile_rows[i].what, err_text(err));
        }
    }
}

/* Deep nesting costs no stack: the walk is not recursive where the sender decides the depth. */
static void nested_arrays_are_refused(void **state) {
    (void)state;
    uint8_t *at;
    assert_int_equal(buf_append(&buf, EVENTS, sizeof EVENTS - 1), ERR_OK);
    assert_int_equal(buf_extend(&buf, WIRE_FRAME_BYTES_MAX - buf.len, &at), ERR_OK);
    memset(at, 0x91, WIRE_FRAME_BYTES_MAX - (sizeof EVENTS - 1));
    assert_int_not_equal(decode_exact(buf.ptr, buf.len), ERR_OK);
}

/* 4096 names of 65 bytes: each is fine, all together pass the limit of a keyset. */
static void names_of_a_keyset_have_a_limit_together(void **state) {
    (void)state;
    static const char head[] = METRICS "\x91\x94\x01\x05\x00\xdc\x10\x00";
    char name[2 + 65] = "\xd9\x41";
    memset(name + 2, 'n', 65);
    assert_int_equal(buf_append(&buf, head, sizeof head - 1), ERR_OK);
    for (int i = 0; i < WIRE_KEYSET_COLUMNS_MAX; i++) {
        assert_int_equal(buf_append(&buf, name, sizeof name), ERR_OK);
    }
    assert_int_equal(decode_exact(buf.ptr, buf.len), ERR_TOO_LONG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_truncation_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trailing_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_changed_byte_is_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_counter_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_protocols_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(oversized_frames_are_refused_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_frames_are_refused_for_the_right_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nested_arrays_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_a_keyset_have_a_limit_together, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
