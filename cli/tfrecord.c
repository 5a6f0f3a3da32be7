/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tfrecord.h"

#include <stdlib.h>

#include "schema/wire/crc32c.h"

#define HEAD_BYTES 12
#define TAIL_BYTES 4
#define MASK       0xa282ead8U

static uint64_t load(const uint8_t *at, int bytes) {
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) {
        v |= (uint64_t)at[i] << (8 * i);
    }
    return v;
}

static bool is_sum(const uint8_t *at, const void *bytes, size_t len) {
    const uint32_t crc = crc32c(0, bytes, len);
    return load(at, 4) == (uint32_t)((crc >> 15 | crc << 17) + MASK);
}

void tfrecord_init(struct tfrecord *records, FILE *file, uint64_t file_bytes) {
    *records = (struct tfrecord){.file = file, .file_bytes = file_bytes};
    buf_init(&records->content, TFRECORD_BYTES_MAX + TAIL_BYTES);
}

void tfrecord_fini(struct tfrecord *records) {
    buf_fini(&records->content);
}

static enum tfrecord_what short_read(const struct tfrecord *records) {
    return ferror(records->file) != 0 ? TFRECORD_FAILED : TFRECORD_TORN;
}

static enum tfrecord_what skip(struct tfrecord *records, uint64_t len) {
    return fseeko(records->file, (off_t)(len + TAIL_BYTES), SEEK_CUR) == 0 ? TFRECORD_LARGE
                                                                           : TFRECORD_FAILED;
}

static enum tfrecord_what read_content(struct tfrecord *records, size_t len,
                                       struct str *out_content) {
    uint8_t *at = NULL;
    buf_clear(&records->content);
    if (buf_extend(&records->content, len + TAIL_BYTES, &at) != ERR_OK) {
        abort(); /* the length was compared with the maximum: out of memory */
    }
    if (fread(at, 1, len + TAIL_BYTES, records->file) != len + TAIL_BYTES) {
        return short_read(records);
    }
    if (!is_sum(at + len, at, len)) {
        return TFRECORD_DAMAGED;
    }
    *out_content = (struct str){.ptr = (const char *)at, .len = len};
    return TFRECORD_CONTENT;
}

enum tfrecord_what tfrecord_next(struct tfrecord *records, struct str *out_content) {
    uint8_t head[HEAD_BYTES];
    const size_t n = fread(head, 1, sizeof head, records->file);
    if (n == 0 && ferror(records->file) == 0) {
        return TFRECORD_END;
    }
    if (n < sizeof head) {
        return short_read(records);
    }
    const uint64_t len = load(head, 8);
    const uint64_t left = records->file_bytes - records->offset;
    if (!is_sum(head + 8, head, 8)) {
        return TFRECORD_LOST;
    }
    if (left < HEAD_BYTES + TAIL_BYTES || len > left - HEAD_BYTES - TAIL_BYTES) {
        return TFRECORD_TORN;
    }
    records->offset += HEAD_BYTES + len + TAIL_BYTES;
    return len > TFRECORD_BYTES_MAX ? skip(records, len)
                                    : read_content(records, (size_t)len, out_content);
}
