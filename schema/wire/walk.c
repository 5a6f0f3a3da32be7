/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/walk.h"

/* msgpack's tags (https://github.com/msgpack/msgpack/blob/master/spec.md). */
enum tag {
    TAG_NIL = 0xc0,
    TAG_BIN8 = 0xc4,
    TAG_UINT8 = 0xcc,
    TAG_UINT64 = 0xcf,
    TAG_INT8 = 0xd0,
    TAG_INT64 = 0xd3,
    TAG_STR8 = 0xd9,
    TAG_ARRAY16 = 0xdc,
    TAG_ARRAY32 = 0xdd,
};

void walk_fail(struct walk *walk, enum err err) {
    if (walk->err == ERR_OK) {
        walk->err = err;
    }
}

const uint8_t *walk_bytes(struct walk *walk, size_t len) {
    if (walk->err == ERR_OK && len > (size_t)(walk->end - walk->at)) {
        walk_fail(walk, ERR_TRUNCATED);
    }
    if (walk->err != ERR_OK) {
        return NULL;
    }
    const uint8_t *bytes = walk->at;
    walk->at += len;
    return bytes;
}

static uint64_t take_big_endian(struct walk *walk, size_t len) {
    const uint8_t *bytes = walk_bytes(walk, len);
    uint64_t v = 0;
    for (size_t i = 0; bytes != NULL && i < len; i++) {
        v = v << 8 | bytes[i];
    }
    return v;
}

static uint8_t take_byte(struct walk *walk) {
    return (uint8_t)take_big_endian(walk, 1);
}

bool walk_nil(struct walk *walk) {
    if (walk->err != ERR_OK || walk->at == walk->end || *walk->at != TAG_NIL) {
        return false;
    }
    walk->at++;
    return true;
}

/* An integer of any width as sign and 64 bits. */
static uint64_t take_integer(struct walk *walk, bool *out_negative) {
    uint8_t tag = take_byte(walk);
    *out_negative = false;
    if (tag <= 0x7f) {
        return tag;
    }
    if (tag >= 0xe0) {
        *out_negative = true;
        return (uint64_t)(int64_t)(int8_t)tag;
    }
    if (tag >= TAG_UINT8 && tag <= TAG_UINT64) {
        return take_big_endian(walk, (size_t)1 << (tag - TAG_UINT8));
    }
    if (tag >= TAG_INT8 && tag <= TAG_INT64) {
        unsigned width = 1U << (tag - TAG_INT8);
        unsigned unused_bits = 64 - 8 * width;
        int64_t v = (int64_t)(take_big_endian(walk, width) << unused_bits) >> unused_bits;
        *out_negative = v < 0;
        return (uint64_t)v;
    }
    walk_fail(walk, ERR_TYPE);
    return 0;
}

uint64_t walk_uint(struct walk *walk, uint64_t max) {
    bool negative;
    uint64_t v = take_integer(walk, &negative);
    if (negative || v > max) {
        walk_fail(walk, ERR_VALUE);
        return 0;
    }
    return v;
}

int64_t walk_int(struct walk *walk) {
    bool negative;
    uint64_t v = take_integer(walk, &negative);
    if (!negative && v > INT64_MAX) {
        walk_fail(walk, ERR_VALUE);
        return 0;
    }
    return (int64_t)v;
}

uint32_t walk_array(struct walk *walk, uint32_t max) {
    uint8_t tag = take_byte(walk);
    uint64_t n = 0;
    if ((tag & 0xf0) == 0x90) {
        n = tag & 0x0f;
    } else if (tag == TAG_ARRAY16 || tag == TAG_ARRAY32) {
        n = take_big_endian(walk, tag == TAG_ARRAY16 ? 2 : 4);
    } else {
        walk_fail(walk, ERR_TYPE);
    }
    if (n > max) {
        walk_fail(walk, ERR_TOO_LONG);
    }
    return walk->err == ERR_OK ? (uint32_t)n : 0;
}

/* The length behind the tag of a value whose wide forms start at first_tag (8, 16 and 32 bit). */
static size_t take_length(struct walk *walk, uint8_t tag, uint8_t first_tag) {
    if (tag < first_tag || tag > first_tag + 2) {
        walk_fail(walk, ERR_TYPE);
        return 0;
    }
    return (size_t)take_big_endian(walk, (size_t)1 << (tag - first_tag));
}

const uint8_t *walk_bin(struct walk *walk, uint64_t len) {
    size_t claimed = take_length(walk, take_byte(walk), TAG_BIN8);
    if (claimed != len) {
        walk_fail(walk, ERR_VALUE);
    }
    return walk_bytes(walk, claimed);
}

struct str walk_text(struct walk *walk, size_t min_bytes, size_t max_bytes) {
    uint8_t tag = take_byte(walk);
    size_t len = (tag & 0xe0) == 0xa0 ? tag & 0x1f : take_length(walk, tag, TAG_STR8);
    if (len < min_bytes) {
        walk_fail(walk, ERR_VALUE);
    }
    if (len > max_bytes) {
        walk_fail(walk, ERR_TOO_LONG);
    }
    const uint8_t *bytes = walk_bytes(walk, len);
    struct str s = {.ptr = (const char *)bytes, .len = bytes != NULL ? len : 0};
    if (!str_is_text(s)) {
        walk_fail(walk, ERR_UTF8);
    }
    return s;
}

struct str walk_text_or_nil(struct walk *walk, size_t max_bytes) {
    struct str none = {.ptr = NULL, .len = 0};
    return walk_nil(walk) ? none : walk_text(walk, 0, max_bytes);
}
