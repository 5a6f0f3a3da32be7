/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/db/binary.h"

enum { HEADER_BYTES = 20, EMPTY_BYTES = 12, NUMBER_BYTES = 8 };

static uint64_t load(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

bool binary_array(const struct pg_rows *rows, int row, int column, struct binary_array *out) {
    size_t len = 0;
    const uint8_t *bytes = pg_bytes(rows, row, column, &len);
    if (bytes == NULL || (len == EMPTY_BYTES && load(bytes, 4) == 0)) {
        *out = (struct binary_array){.at = bytes};
        return true;
    }
    if (len < HEADER_BYTES || load(bytes, 4) != 1 || load(bytes + 4, 4) != 0) {
        return false;
    }
    const uint64_t n = load(bytes + 12, 4);
    if (n == 0 || len != HEADER_BYTES + n * BINARY_STRIDE || load(bytes + HEADER_BYTES, 4) != 8) {
        return false;
    }
    out->n = (uint32_t)n;
    out->at = bytes + HEADER_BYTES + BINARY_STRIDE - NUMBER_BYTES;
    return true;
}

bool binary_number(const struct pg_rows *rows, int row, int column, struct binary_array *out) {
    size_t len = 0;
    const uint8_t *bytes = pg_bytes(rows, row, column, &len);
    if (bytes == NULL || len != NUMBER_BYTES) {
        return false;
    }
    *out = (struct binary_array){.n = 1, .at = bytes};
    return true;
}

int64_t binary_int(const struct pg_rows *rows, int row, int column, int64_t fallback) {
    size_t len = 0;
    const uint8_t *bytes = pg_bytes(rows, row, column, &len);
    if (bytes == NULL || len == 0 || len > sizeof(uint64_t)) {
        return fallback;
    }
    const uint64_t value = load(bytes, len);
    return len == sizeof(int32_t) ? (int32_t)(uint32_t)value : (int64_t)value;
}
