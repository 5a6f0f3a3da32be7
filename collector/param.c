/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/param.h"

#include <string.h>

enum oid { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_UUID = 2950 };

struct pg_param param_i64(int64_t value, struct param_i64 *room) {
    const uint64_t big = __builtin_bswap64((uint64_t)value);
    memcpy(room->bytes, &big, sizeof big);
    return (struct pg_param){
        .ptr = (const char *)room->bytes, .len = 8, .binary = true, .oid = OID_INT8};
}

struct pg_param param_uuid(const struct wire_id *id) {
    return (struct pg_param){
        .ptr = (const char *)id->bytes, .len = sizeof id->bytes, .binary = true, .oid = OID_UUID};
}

struct pg_param param_text(struct str text) {
    return (struct pg_param){
        .ptr = text.len > 0 ? text.ptr : "", .len = (int)text.len, .binary = true, .oid = OID_TEXT};
}

struct pg_param param_text_or_null(struct str text) {
    return text.len > 0 ? param_text(text) : (struct pg_param){.oid = OID_TEXT};
}

struct pg_param param_bool(bool value) {
    return (struct pg_param){.ptr = value ? "\1" : "\0", .len = 1, .binary = true, .oid = OID_BOOL};
}

struct pg_param param_bytea(const void *bytes, size_t len) {
    return (struct pg_param){.ptr = bytes, .len = (int)len, .binary = true, .oid = OID_BYTEA};
}
