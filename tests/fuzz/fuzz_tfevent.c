/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an event file, whose checksums let little through, and as a record of one, for which
 * nobody vouches: what is taken lies within them. */

#include "cli/tfevent.h"
#include "cli/tfrecord.h"
#include "tests/fuzz/fuzz.h"

static void check_inside(struct str part, struct str whole) {
    FUZZ_MUST(part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
                                part.ptr + part.len <= whole.ptr + whole.len));
}

static void read_record(struct str record) {
    struct tfevent event;
    struct tfevent_value value;
    bool more = true;
    if (!tfevent_decode(record, &event)) {
        return;
    }
    check_inside(event.summary, record);
    while (tfevent_next(&event.summary, &more, &value) && more) {
        check_inside(value.tag, record);
        FUZZ_MUST(value.is_scalar || value.other != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tfrecord records;
    struct str content = {0};
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    read_record((struct str){.ptr = (const char *)data, .len = size});
    if (file == NULL) {
        return 0;
    }
    tfrecord_init(&records, file, size);
    for (enum tfrecord_what what = TFRECORD_CONTENT;
         what == TFRECORD_CONTENT || what == TFRECORD_DAMAGED || what == TFRECORD_LARGE;) {
        what = tfrecord_next(&records, &content);
        FUZZ_MUST(records.offset <= size);
        if (what == TFRECORD_CONTENT) {
            read_record(content);
        }
    }
    tfrecord_fini(&records);
    fclose(file);
    return 0;
}
