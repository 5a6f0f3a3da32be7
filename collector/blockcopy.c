/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/blockcopy.h"

#include <string.h>

#include "collector/pgarray.h"

#define FIELDS        9
#define ARRAY_HEADER  20
#define ELEMENT_BYTES 12 /* int32 length and eight bytes */
#define FIXED_BYTES   (2 + 4 * (4 + 8) + 2 * (4 + 4) + 3 * (4 + ARRAY_HEADER))

static uint8_t *put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value) {
    const uint32_t big = __builtin_bswap32(value);
    memcpy(at, &big, sizeof big);
    return at + sizeof big;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value) {
    const uint64_t big = __builtin_bswap64(value);
    memcpy(at, &big, sizeof big);
    return at + sizeof big;
}

static uint8_t *put_field_u32(uint8_t *at, uint32_t value) {
    return put_u32(put_u32(at, 4), value);
}

static uint8_t *put_field_u64(uint8_t *at, uint64_t value) {
    return put_u64(put_u32(at, 8), value);
}

static uint8_t *put_array_header(uint8_t *at, enum pgarray_type type, uint32_t n) {
    at = put_u32(at, ARRAY_HEADER + n * ELEMENT_BYTES);
    at = put_u32(at, 1);
    at = put_u32(at, 0);
    at = put_u32(at, (uint32_t)type);
    at = put_u32(at, n);
    return put_u32(at, 1);
}

/* steps and values: the wire's eight bytes as they are, reversed. */
static uint8_t *put_words(uint8_t *at, enum pgarray_type type, const uint8_t *words, uint32_t n) {
    at = put_array_header(at, type, n);
    for (uint32_t i = 0; i < n; i++) {
        at = put_field_u64(at, (uint64_t)wire_i64_at(words, i));
    }
    return at;
}

static uint8_t *put_times(uint8_t *at, const uint8_t *times_ns, uint32_t n) {
    at = put_array_header(at, PGARRAY_TIMESTAMPTZ, n);
    for (uint32_t i = 0; i < n; i++) {
        at = put_field_u64(at, (uint64_t)pgarray_time_of_ns(wire_i64_at(times_ns, i)));
    }
    return at;
}

enum err blockcopy_header(struct buf *out) {
    static const uint8_t header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and its own NUL: 19 */
    return buf_append(out, header, sizeof header);
}

enum err blockcopy_tuple(const struct blockcopy_owner *owner, const struct wire_block *block,
                         struct buf *out) {
    const uint32_t n = block->calls;
    const uint32_t points = n * block->columns; /* the decoder: they fit in the frame */
    uint8_t *at = NULL;
    const enum err err =
        buf_extend(out, FIXED_BYTES + ELEMENT_BYTES * ((size_t)2 * n + points), &at);
    if (err != ERR_OK) {
        return err;
    }
    int64_t first_step = wire_i64_at(block->steps, 0);
    int64_t last_step = first_step;
    for (uint32_t i = 1; i < n; i++) {
        const int64_t step = wire_i64_at(block->steps, i);
        first_step = step < first_step ? step : first_step;
        last_step = step > last_step ? step : last_step;
    }
    at = put_u16(at, FIELDS);
    at = put_field_u64(at, owner->run_id);
    at = put_field_u64(at, block->keyset_id);
    at = put_field_u64(at, (uint64_t)first_step);
    at = put_field_u64(at, (uint64_t)last_step);
    at = put_field_u32(at, owner->rank);
    at = put_field_u32(at, owner->attempt);
    at = put_words(at, PGARRAY_INT8, block->steps, n);
    at = put_times(at, block->times_ns, n);
    put_words(at, PGARRAY_FLOAT8, block->values, points);
    return ERR_OK;
}

enum err blockcopy_trailer(struct buf *out) {
    static const uint8_t trailer[] = {0xff, 0xff};
    return buf_append(out, trailer, sizeof trailer);
}
