/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/lines.h"

#include <stdlib.h>
#include <string.h>

void lines_init(struct lines *lines) {
    *lines = (struct lines){.start = 0};
    buf_init(&lines->buf, LINES_BYTES_MAX + LINES_PUSH_MAX);
}

void lines_fini(struct lines *lines) {
    buf_fini(&lines->buf);
}

void lines_push(struct lines *lines, const void *bytes, size_t len) {
    if (buf_append(&lines->buf, bytes, len) != ERR_OK) {
        abort(); /* memory is out, or the caller did not take the lines */
    }
}

/* The line has no end yet: it moves to the front, so that there is room for the rest of it. */
static enum lines_next keep_rest(struct lines *lines) {
    struct buf *buf = &lines->buf;
    const size_t len = buf->len - lines->start;
    const bool too_long = !lines->dropping && len > LINES_BYTES_MAX;
    lines->dropping = lines->dropping || too_long;
    if (!lines->dropping && lines->start > 0 && len > 0) {
        memmove(buf->ptr, buf->ptr + lines->start, len);
    }
    buf->len = lines->dropping ? 0 : len;
    lines->start = 0;
    return too_long ? LINES_TOO_LONG : LINES_NONE;
}

enum lines_next lines_next(struct lines *lines, struct str *out_line) {
    const struct buf *buf = &lines->buf;
    while (lines->start < buf->len) {
        const uint8_t *line = buf->ptr + lines->start;
        const uint8_t *end = memchr(line, '\n', buf->len - lines->start);
        if (end == NULL) {
            break;
        }
        const size_t len = (size_t)(end - line);
        const bool dropped = lines->dropping;
        lines->start += len + 1;
        lines->dropping = false;
        if (!dropped && len > LINES_BYTES_MAX) {
            return LINES_TOO_LONG;
        }
        if (!dropped && len > 0) {
            *out_line = (struct str){.ptr = (const char *)line, .len = len};
            return LINES_ONE;
        }
    }
    return keep_rest(lines);
}
