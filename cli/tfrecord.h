/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TFRECORD_H
#define CLI_TFRECORD_H

/* The frames of TensorBoard's event files:
 *
 *     | length, 8 | its checksum, 4 | content | its checksum, 4 |      little-endian
 *
 * A checksum is CRC32C, rotated right by 15 bits, plus 0xa282ead8. A file that is being written
 * ends anywhere. Memory is bounded, whatever a length says. */

#include <stdint.h>
#include <stdio.h>

#include "schema/wire/buf.h"

#define TFRECORD_BYTES_MAX (16U * 1024 * 1024)

enum tfrecord_what {
    TFRECORD_CONTENT,
    TFRECORD_END,
    TFRECORD_TORN,    /* the file ends within a record: the end, for now */
    TFRECORD_DAMAGED, /* the content is not what was written; the next record can be read */
    TFRECORD_LARGE,   /* over TFRECORD_BYTES_MAX; the next record can be read */
    TFRECORD_LOST,    /* a length is not what was written: nothing behind it can be read */
    TFRECORD_FAILED,  /* the file cannot be read: errno */
};

struct tfrecord {
    FILE *file;
    uint64_t file_bytes;
    uint64_t offset; /* of the next record */
    struct buf content;
};

/* Borrows the file, which has so many bytes. */
void tfrecord_init(struct tfrecord *records, FILE *file, uint64_t file_bytes);
void tfrecord_fini(struct tfrecord *records);
/* out_content: borrowed until the next call; written for TFRECORD_CONTENT only. */
enum tfrecord_what tfrecord_next(struct tfrecord *records, struct str *out_content);

#endif
