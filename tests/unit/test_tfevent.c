/* SPDX-License-Identifier: Apache-2.0 */
/* Event files, byte by byte. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/tfevent.h"
#include "cli/tfrecord.h"

#define STR(literal) ((struct str){.ptr = (literal), .len = sizeof(literal) - 1})

static void an_event_with_a_scalar(void **state) {
    (void)state;
    struct tfevent event;
    struct tfevent_value value;
    bool more = false;
    /* wall_time 1.5, step 300, summary { value { tag "loss" simple_value 0.25 } } */
    assert_true(
        tfevent_decode(STR("\x09\0\0\0\0\0\0\xf8\x3f\x10\xac\x02\x2a\x0d\x0a\x0b\x0a\x04loss"
                           "\x15\0\0\x80\x3e"),
                       &event));
    assert_true(event.wall_time == 1.5);
    assert_int_equal(event.step, 300);
    assert_null(event.other);
    assert_true(tfevent_next(&event.summary, &more, &value) && more);
    assert_true(str_equal(value.tag, str_of("loss")));
    assert_true(value.is_scalar && value.scalar == 0.25);
    assert_true(tfevent_next(&event.summary, &more, &value) && !more);
}

static void steps_may_be_negative(void **state) {
    (void)state;
    struct tfevent event;
    assert_true(tfevent_decode(STR("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &event));
    assert_int_equal(event.step, -1);
    assert_false(tfevent_decode(STR("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &event));
}

static void what_is_cut_or_no_message_is_refused(void **state) {
    (void)state;
    static const char whole[] = "\x09\0\0\0\0\0\0\xf8\x3f\x10\xac\x02\x2a\x0d\x0a\x0b\x0a\x04loss"
                                "\x15\0\0\x80\x3e";
    struct tfevent event;
    for (size_t len = 1; len < sizeof whole - 1; len++) {
        const bool at_a_field = len == 9 || len == 12;
        assert_true(tfevent_decode((struct str){whole, len}, &event) == at_a_field);
    }
    assert_false(tfevent_decode(STR("\x03"), &event));                     /* a group */
    assert_false(tfevent_decode(STR("\x00\x00"), &event));                 /* field 0 */
    assert_false(tfevent_decode(STR("\x2a\xff\xff\xff\xff\x7f"), &event)); /* 32 GiB */
    struct str summary = STR("\x0a\x05\x0a\x09loss");
    struct tfevent_value value;
    bool more = false;
    assert_false(tfevent_next(&summary, &more, &value));
}

static bool next_value(struct str summary, struct tfevent_value *out) {
    bool more = false;
    return tfevent_next(&summary, &more, out) && more;
}

static void tensors_of_one_number_are_scalars(void **state) {
    (void)state;
    struct tfevent_value v;
    /* tag "t", tensor { dtype float, tensor_content 4 bytes } */
    assert_true(next_value(STR("\x0a\x0d\x0a\x01t\x42\x08\x08\x01\x22\x04\0\0\x80\x3e"), &v));
    assert_true(v.is_scalar && v.scalar == 0.25);
    /* dtype double, double_val packed */
    assert_true(
        next_value(STR("\x0a\x11\x0a\x01t\x42\x0c\x08\x02\x32\x08\0\0\0\0\0\0\xf8\x3f"), &v));
    assert_true(v.is_scalar && v.scalar == 1.5);
    /* dtype float, float_val not packed */
    assert_true(next_value(STR("\x0a\x0c\x0a\x01t\x42\x07\x08\x01\x2d\0\0\x80\x3e"), &v));
    assert_true(v.is_scalar && v.scalar == 0.25);
    /* two floats; then a string; then nothing */
    assert_true(
        next_value(STR("\x0a\x11\x0a\x01t\x42\x0c\x08\x01\x22\x08\0\0\x80\x3e\0\0\x80\x3e"), &v));
    assert_false(v.is_scalar);
    assert_string_equal(v.other, "tensors");
    assert_true(next_value(STR("\x0a\x0c\x0a\x01t\x42\x07\x08\x07\x42\x03"
                               "abc"),
                           &v));
    assert_false(v.is_scalar);
    assert_true(next_value(STR("\x0a\x03\x0a\x01t"), &v));
    assert_false(v.is_scalar);
    assert_string_equal(v.other, "values without content");
}

static enum tfrecord_what read_all(const char *bytes, size_t len, int *out_records) {
    struct tfrecord records;
    struct str content = {0};
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    rewind(file);
    tfrecord_init(&records, file, len);
    enum tfrecord_what what = TFRECORD_CONTENT;
    for (*out_records = -1; what == TFRECORD_CONTENT; (*out_records)++) {
        what = tfrecord_next(&records, &content);
    }
    tfrecord_fini(&records);
    fclose(file);
    return what;
}

/* How every file of TensorFlow begins: the length 24 and its checksum, then wall time and version.
 */
static const char first[] = "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22"
                            "\x09\0\0\xc0\x25\xdd\x75\xd5\x41\x1a\x0d"
                            "brain.Event:2"
                            "\x8d\x1a\xdb\xaf";

static void frames_of_tensorflow(void **state) {
    (void)state;
    char bytes[2 * sizeof first];
    int n = 0;
    const size_t len = sizeof first - 1;
    memcpy(bytes, first, len);
    memcpy(bytes + len, first, len);
    assert_int_equal(read_all(bytes, 2 * len, &n), TFRECORD_END);
    assert_int_equal(n, 2);
    for (size_t cut = len + 1; cut < 2 * len; cut++) {
        assert_int_equal(read_all(bytes, cut, &n), TFRECORD_TORN);
        assert_int_equal(n, 1);
    }
    bytes[len] ^= 1;
    assert_int_equal(read_all(bytes, 2 * len, &n), TFRECORD_LOST);
    bytes[len] ^= 1;
    bytes[len + 14] ^= 1;
    assert_int_equal(read_all(bytes, 2 * len, &n), TFRECORD_DAMAGED);
    assert_int_equal(read_all("", 0, &n), TFRECORD_END);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_with_a_scalar),
        cmocka_unit_test(steps_may_be_negative),
        cmocka_unit_test(what_is_cut_or_no_message_is_refused),
        cmocka_unit_test(tensors_of_one_number_are_scalars),
        cmocka_unit_test(frames_of_tensorflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
