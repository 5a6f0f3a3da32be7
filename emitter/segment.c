/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/segment.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/wire/crc32c.h"
#include "schema/wire/place.h"

#define MAGIC        "TCSSPL02"
#define RECORD_MAGIC 0x52534354U /* "TCSR" */
#define ALIGNMENT    8U
#define SCAN_BYTES   16384U

struct head {
    char magic[8];
    uint32_t crc; /* of everything behind this field up to the first record */
    uint32_t lane;
    uint32_t lengths[3]; /* hello, endpoints, ring path */
    uint32_t zero;
    struct wire_id stream;
    uint64_t number;
    uint64_t key;
    uint64_t first_seq;
    uint64_t first_calls;
    uint64_t first_dropped;
    uint64_t generation;
    uint64_t seq_base;
    uint64_t calls_base;
    uint64_t dropped_base;
    uint64_t lost;
};
#define HEAD_CRC_FROM (offsetof(struct head, crc) + sizeof(uint32_t))

struct record {
    uint32_t magic;
    uint32_t crc; /* of the key and everything behind this field */
    uint32_t items_bytes;
    uint32_t items_crc;
    struct segment_batch batch;
};
#define RECORD_CRC_FROM (offsetof(struct record, crc) + sizeof(uint32_t))
_Static_assert(sizeof(struct record) == 64 && sizeof(struct head) == 128, "no padding on disk");

static const uint32_t label_limits[3] = {WIRE_FRAME_BYTES_MAX, WIRE_URL_BYTES_MAX,
                                         PLACE_PATH_BYTES_MAX};

static uint64_t aligned(uint64_t bytes) {
    return (bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static bool read_at(int fd, uint64_t at, size_t len, void *out) {
    for (size_t got = 0; got < len;) {
        const ssize_t n = pread(fd, (char *)out + got, len - got, (off_t)(at + got));
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        got += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static enum err pad(struct buf *out) {
    static const char zeros[ALIGNMENT];
    return buf_append(out, zeros, aligned(out->len) - out->len);
}

static enum err put_label(const struct segment_label *label, struct buf *out) {
    const struct str texts[3] = {label->hello, label->endpoints, label->ring_path};
    enum err err = ERR_OK;
    for (int i = 0; err == ERR_OK && i < 3; i++) {
        err = texts[i].len <= label_limits[i] ? buf_append(out, texts[i].ptr, texts[i].len)
                                              : ERR_TOO_LONG;
    }
    return err;
}

enum err segment_put_head(const struct segment_head *head, struct buf *out) {
    const struct segment_label *label = &head->label;
    const size_t start = out->len;
    struct head disk = {.magic = MAGIC,
                        .lane = head->lane,
                        .lengths = {(uint32_t)label->hello.len, (uint32_t)label->endpoints.len,
                                    (uint32_t)label->ring_path.len},
                        .stream = head->stream,
                        .number = head->number,
                        .key = head->key,
                        .first_seq = head->first_seq,
                        .first_calls = head->first_calls,
                        .first_dropped = head->first_dropped,
                        .generation = label->generation,
                        .seq_base = label->seq_base,
                        .calls_base = label->calls_base,
                        .dropped_base = label->dropped_base,
                        .lost = label->lost};
    enum err err = buf_append(out, &disk, sizeof disk);
    if (err == ERR_OK) {
        err = put_label(label, out);
    }
    if (err == ERR_OK) {
        err = pad(out);
    }
    if (err == ERR_OK) {
        disk.crc = crc32c(0, out->ptr + start + HEAD_CRC_FROM, out->len - start - HEAD_CRC_FROM);
        memcpy(out->ptr + start + offsetof(struct head, crc), &disk.crc, sizeof disk.crc);
    }
    return err;
}

/* The length of the whole head, or 0 if it claims what cannot be. */
static uint64_t head_bytes(const struct head *disk) {
    uint64_t bytes = sizeof *disk;
    for (int i = 0; i < 3; i++) {
        if (disk->lengths[i] > label_limits[i]) {
            return 0;
        }
        bytes += disk->lengths[i];
    }
    const bool sane =
        memcmp(disk->magic, MAGIC, sizeof disk->magic) == 0 && disk->lane < WIRE_LANES &&
        disk->seq_base <= INT64_MAX && disk->calls_base <= INT64_MAX && disk->lost <= INT64_MAX &&
        disk->dropped_base <= INT64_MAX && disk->first_seq >= 1 && disk->first_seq <= INT64_MAX &&
        disk->first_calls <= INT64_MAX && disk->first_dropped <= INT64_MAX;
    return sane ? aligned(bytes) : 0;
}

static struct str text_at(const struct buf *room, uint64_t at, uint32_t len) {
    return (struct str){.ptr = (const char *)room->ptr + at, .len = len};
}

enum err segment_read_head(int fd, struct buf *room, struct segment_head *out) {
    struct head disk;
    uint8_t *at = NULL;
    if (!read_at(fd, 0, sizeof disk, &disk)) {
        return ERR_TRUNCATED;
    }
    const uint64_t bytes = head_bytes(&disk);
    if (bytes == 0) {
        return ERR_VALUE;
    }
    buf_clear(room);
    enum err err = buf_extend(room, bytes, &at);
    if (err != ERR_OK || !read_at(fd, 0, bytes, at)) {
        return err != ERR_OK ? err : ERR_TRUNCATED;
    }
    memcpy(&disk, at, sizeof disk); /* the file may have changed since */
    if (head_bytes(&disk) != bytes ||
        crc32c(0, at + HEAD_CRC_FROM, bytes - HEAD_CRC_FROM) != disk.crc) {
        return ERR_VALUE;
    }
    const uint64_t endpoints_at = sizeof disk + disk.lengths[0];
    *out = (struct segment_head){
        .stream = disk.stream,
        .lane = (enum wire_lane)disk.lane,
        .number = disk.number,
        .key = disk.key,
        .bytes = bytes,
        .first_seq = disk.first_seq,
        .first_calls = disk.first_calls,
        .first_dropped = disk.first_dropped,
        .label = {.hello = text_at(room, sizeof disk, disk.lengths[0]),
                  .endpoints = text_at(room, endpoints_at, disk.lengths[1]),
                  .ring_path = text_at(room, endpoints_at + disk.lengths[1], disk.lengths[2]),
                  .generation = disk.generation,
                  .seq_base = disk.seq_base,
                  .calls_base = disk.calls_base,
                  .dropped_base = disk.dropped_base,
                  .lost = disk.lost}};
    return ERR_OK;
}

static uint32_t record_crc(uint64_t key, const struct record *record) {
    return crc32c(crc32c(0, &key, sizeof key), (const char *)record + RECORD_CRC_FROM,
                  sizeof *record - RECORD_CRC_FROM);
}

enum err segment_put_record(uint64_t key, const struct segment_batch *batch, struct str items,
                            struct buf *out) {
    if (items.len > WIRE_FRAME_BYTES_MAX || batch->items > WIRE_ITEMS_MAX) {
        return ERR_TOO_LONG;
    }
    struct record record = {.magic = RECORD_MAGIC,
                            .items_bytes = (uint32_t)items.len,
                            .items_crc = crc32c(0, items.ptr, items.len),
                            .batch = *batch};
    record.crc = record_crc(key, &record);
    enum err err = buf_append(out, &record, sizeof record);
    if (err == ERR_OK) {
        err = buf_append(out, items.ptr, items.len);
    }
    return err == ERR_OK ? pad(out) : err;
}

static bool is_sane(const struct segment_batch *batch) {
    return batch->seq >= 1 && batch->seq <= INT64_MAX && batch->emitted <= INT64_MAX &&
           batch->dropped <= batch->emitted && batch->dropped_before <= batch->dropped &&
           batch->calls_before <= INT64_MAX && batch->items <= WIRE_ITEMS_MAX;
}

/* Whether these bytes at `at` are the head of a record that ends before `end`. */
static bool is_record(const uint8_t *bytes, uint64_t key, uint64_t at, uint64_t end,
                      struct segment_found *out) {
    struct record record;
    memcpy(&record, bytes, sizeof record);
    if (record.magic != RECORD_MAGIC || record.items_bytes > WIRE_FRAME_BYTES_MAX ||
        at + sizeof record + record.items_bytes > end || record.crc != record_crc(key, &record) ||
        !is_sane(&record.batch)) {
        return false;
    }
    *out = (struct segment_found){.batch = record.batch,
                                  .begin = at,
                                  .at = at + sizeof record,
                                  .next = at + aligned(sizeof record + record.items_bytes),
                                  .items_bytes = record.items_bytes,
                                  .items_crc = record.items_crc};
    return true;
}

/* Looks through one piece of the file; *at moves to where the next piece begins. */
static bool scan(int fd, uint64_t key, uint64_t *at, uint64_t end, struct segment_found *out) {
    uint8_t bytes[SCAN_BYTES];
    const size_t len = end - *at < sizeof bytes ? (size_t)(end - *at) : sizeof bytes;
    if (!read_at(fd, *at, len, bytes)) {
        *at = end;
        return false;
    }
    size_t i = 0;
    for (; i + sizeof(struct record) <= len; i += ALIGNMENT) {
        if (is_record(bytes + i, key, *at + i, end, out)) {
            return true;
        }
    }
    *at += i;
    return false;
}

bool segment_find(int fd, uint64_t key, uint64_t from, uint64_t end, struct segment_found *out) {
    uint8_t first[sizeof(struct record)];
    uint64_t at = aligned(from);
    if (end < sizeof first || at > end - sizeof first) {
        return false;
    }
    if (read_at(fd, at, sizeof first, first) && is_record(first, key, at, end, out)) {
        return true; /* as good as always */
    }
    while (at + sizeof(struct record) <= end) {
        if (scan(fd, key, &at, end, out)) {
            return true;
        }
    }
    return false;
}

bool segment_read_items(int fd, const struct segment_found *found, struct buf *out) {
    uint8_t *at = NULL;
    buf_clear(out);
    return buf_extend(out, found->items_bytes, &at) == ERR_OK &&
           read_at(fd, found->at, found->items_bytes, at) &&
           crc32c(0, at, found->items_bytes) == found->items_crc;
}

uint64_t segment_end(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0) {
        return 0;
    }
    return (uint64_t)st.st_size < SEGMENT_BYTES_MAX ? (uint64_t)st.st_size : SEGMENT_BYTES_MAX;
}
