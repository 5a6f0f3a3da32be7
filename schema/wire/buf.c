/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/buf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY_BYTES 256

void buf_init(struct buf *buf, size_t max_bytes) {
    *buf = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *buf) {
    free(buf->ptr);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
}

static enum err make_room(struct buf *buf, size_t needed) {
    size_t cap = buf->cap > 0 ? buf->cap : FIRST_CAPACITY_BYTES;
    while (cap < needed) {
        cap = cap > buf->max_bytes / 2 ? buf->max_bytes : cap * 2;
    }
    uint8_t *ptr = realloc(buf->ptr, cap);
    if (ptr == NULL) {
        return ERR_MEMORY;
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return ERR_OK;
}

enum err buf_extend(struct buf *buf, size_t len, uint8_t **out_at) {
    if (len > buf->max_bytes - buf->len) {
        return ERR_TOO_LONG;
    }
    if (buf->len + len > buf->cap || buf->ptr == NULL) {
        enum err err = make_room(buf, buf->len + len);
        if (err != ERR_OK) {
            return err;
        }
    }
    *out_at = buf->ptr + buf->len;
    buf->len += len;
    return ERR_OK;
}

enum err buf_append(struct buf *buf, const void *bytes, size_t len) {
    uint8_t *at;
    enum err err = buf_extend(buf, len, &at);
    if (err == ERR_OK && len > 0) {
        memcpy(at, bytes, len);
    }
    return err;
}

struct str str_of(const char *text) {
    return (struct str){.ptr = text, .len = text != NULL ? strlen(text) : 0};
}

bool str_equal(struct str a, struct str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Lead byte ranges of RFC 3629 with what the second byte may be: this excludes overlong forms,
 * surrogates and code points past U+10FFFF. */
static const struct {
    uint8_t lead_first, lead_last, bytes, second_first, second_last;
} forms[] = {
    {0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

/* Bytes of the code point at p, 0 if it is none. */
static size_t code_point_bytes(const uint8_t *p, size_t left) {
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        if (p[0] < forms[f].lead_first || p[0] > forms[f].lead_last) {
            continue;
        }
        size_t bytes = forms[f].bytes;
        if (bytes > left ||
            (bytes > 1 && (p[1] < forms[f].second_first || p[1] > forms[f].second_last))) {
            return 0;
        }
        for (size_t i = 2; i < bytes; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return bytes;
    }
    return 0;
}

bool str_is_text(struct str s) {
    const uint8_t *p = (const uint8_t *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        size_t bytes = code_point_bytes(p + i, s.len - i);
        if (bytes == 0) {
            return false;
        }
        i += bytes;
    }
    return true;
}
