/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/wire.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

static uint64_t fnv_add(uint64_t hash, const void *bytes, size_t len) {
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * FNV_PRIME;
    }
    return hash;
}

uint64_t wire_keyset_id_begin(enum wire_series kind) {
    const uint8_t byte = (uint8_t)kind;
    return fnv_add(FNV_OFFSET, &byte, 1);
}

uint64_t wire_keyset_id_add(uint64_t keyset_id, struct str name) {
    const uint8_t length[4] = {(uint8_t)name.len, (uint8_t)(name.len >> 8),
                               (uint8_t)(name.len >> 16), (uint8_t)(name.len >> 24)};
    return fnv_add(fnv_add(keyset_id, length, sizeof length), name.ptr, name.len);
}

uint64_t wire_keyset_id(enum wire_series kind, size_t n, const struct str *names) {
    uint64_t hash = wire_keyset_id_begin(kind);
    for (size_t i = 0; i < n; i++) {
        hash = wire_keyset_id_add(hash, names[i]);
    }
    return hash;
}
