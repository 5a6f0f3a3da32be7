/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_BUF_H
#define SCHEMA_WIRE_BUF_H

/* A growable byte buffer with a mandatory maximum, and a borrowed view of bytes. An append that
 * would pass the maximum is ERR_TOO_LONG and leaves the content as it was. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/err.h"

struct str { /* borrows: valid as long as the bytes it points into */
    const char *ptr;
    size_t len;
};

struct buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max_bytes;
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_fini(struct buf *buf);  /* fine on a zeroed buf */
void buf_clear(struct buf *buf); /* keeps the memory */
enum err buf_append(struct buf *buf, const void *bytes, size_t len) ERR_MUST_CHECK;
/* Room for len more bytes at out_at (borrowed until the next call on buf); len counts as used. */
enum err buf_extend(struct buf *buf, size_t len, uint8_t **out_at) ERR_MUST_CHECK;

struct str str_of(const char *text); /* text may be NULL: an empty view */
bool str_equal(struct str a, struct str b);
/* True if the view is well-formed UTF-8 (RFC 3629) without NUL. */
bool str_is_text(struct str s);

#endif
