/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_DB_BINARY_H
#define SCHEMA_DB_BINARY_H

/* PostgreSQL's binary form of numbers, as pg_stream_binary() brings it. An array of bigint, float8
 * or timestamptz is big-endian:
 *
 *     int32 dimensions | int32 has nulls | int32 element oid | int32 n | int32 lower bound |
 *     n x (int32 8 | 8 bytes)
 *
 * Everything borrows from the rows. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "schema/db/pg.h"

#define BINARY_STRIDE 12 /* from one element of an array to the next */

struct binary_array {
    uint32_t n;
    const uint8_t *at; /* the 8 bytes of the first element; NULL: SQL NULL */
};

/* False: the field is neither such an array nor NULL. */
bool binary_array(const struct pg_rows *rows, int row, int column, struct binary_array *out);
/* A field that is such a number itself, as an array of one. */
bool binary_number(const struct pg_rows *rows, int row, int column, struct binary_array *out);

/* An integer of 2, 4, 6 or 8 bytes; fallback for SQL NULL. The 6 bytes of a tid: block and offset.
 */
int64_t binary_int(const struct pg_rows *rows, int row, int column, int64_t fallback);

static inline uint64_t binary_bits(const struct binary_array *array, uint32_t i) {
    uint64_t bits;
    memcpy(&bits, array->at + (size_t)i * BINARY_STRIDE, sizeof bits);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    return bits;
}

static inline int64_t binary_i64(const struct binary_array *array, uint32_t i) {
    return (int64_t)binary_bits(array, i);
}

static inline double binary_f64(const struct binary_array *array, uint32_t i) {
    const uint64_t bits = binary_bits(array, i);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
