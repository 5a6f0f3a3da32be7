/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/buf.h"

#include <stdlib.h>
#include <string.h>

#include "schema/wire/utf8.h"

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

bool str_is_text(struct str s) {
    uint32_t point;
    while (s.len > 0) {
        const size_t bytes = utf8_point(s, &point);
        if (bytes == 0) {
            return false;
        }
        s = (struct str){.ptr = s.ptr + bytes, .len = s.len - bytes};
    }
    return true;
}
