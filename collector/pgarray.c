/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/pgarray.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES  20
#define EPOCH_2000_US INT64_C(946684800000000)

static void store_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint8_t *extend(struct pgarray *array, size_t len) {
    uint8_t *at = NULL;
    if (buf_extend(&array->bytes, len, &at) != ERR_OK) {
        abort();
    }
    return at;
}

void pgarray_init(struct pgarray *array, enum pgarray_type type, size_t max_bytes) {
    buf_init(&array->bytes, max_bytes);
    array->type = type;
    pgarray_clear(array);
}

void pgarray_fini(struct pgarray *array) {
    buf_fini(&array->bytes);
}

void pgarray_clear(struct pgarray *array) {
    buf_clear(&array->bytes);
    uint8_t *header = extend(array, HEADER_BYTES);
    store_u32(header, 1);
    store_u32(header + 4, 0);
    store_u32(header + 8, (uint32_t)array->type);
    store_u32(header + 12, 0);
    store_u32(header + 16, 1);
    array->n = 0;
}

void pgarray_put_i64(struct pgarray *array, int64_t value) {
    uint8_t *at = extend(array, 12);
    store_u32(at, 8);
    store_u32(at + 4, (uint32_t)((uint64_t)value >> 32));
    store_u32(at + 8, (uint32_t)(uint64_t)value);
    array->n++;
}

void pgarray_put_i32(struct pgarray *array, int32_t value) {
    uint8_t *at = extend(array, 8);
    store_u32(at, 4);
    store_u32(at + 4, (uint32_t)value);
    array->n++;
}

void pgarray_put_i16(struct pgarray *array, int16_t value) {
    uint8_t *at = extend(array, 6);
    store_u32(at, 2);
    at[4] = (uint8_t)((uint16_t)value >> 8);
    at[5] = (uint8_t)value;
    array->n++;
}

void pgarray_put_bytes(struct pgarray *array, const void *bytes, size_t len) {
    uint8_t *at = extend(array, 4 + len);
    store_u32(at, (uint32_t)len);
    if (len > 0) {
        memcpy(at + 4, bytes, len);
    }
    array->n++;
}

void pgarray_put_null(struct pgarray *array) {
    store_u32(extend(array, 4), UINT32_MAX);
    store_u32(array->bytes.ptr + 4, 1);
    array->n++;
}

static uint32_t array_oid(enum pgarray_type type) {
    static const struct {
        enum pgarray_type type;
        uint32_t oid;
    } table[] = {
        {PGARRAY_INT8, 1016}, {PGARRAY_INT2, 1005},   {PGARRAY_INT4, 1007},
        {PGARRAY_TEXT, 1009}, {PGARRAY_FLOAT8, 1022}, {PGARRAY_TIMESTAMPTZ, 1185},
        {PGARRAY_UUID, 2951},
    };
    size_t i = 0;
    while (table[i].type != type) {
        i++;
    }
    return table[i].oid;
}

struct pg_param pgarray_param(struct pgarray *array) {
    store_u32(array->bytes.ptr + 12, array->n);
    return (struct pg_param){.ptr = (const char *)array->bytes.ptr,
                             .len = (int)array->bytes.len,
                             .binary = true,
                             .oid = array_oid(array->type)};
}

int64_t pgarray_time_of_ns(int64_t unix_ns) {
    const int64_t down = unix_ns % 1000 < 0 ? 1 : 0;
    return unix_ns / 1000 - down - EPOCH_2000_US;
}
