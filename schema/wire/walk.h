/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_WALK_H
#define SCHEMA_WIRE_WALK_H

/* A bounded walk over msgpack from outside. Nothing is allocated and no count is trusted: a length
 * is compared with its limit and with the bytes that remain before it is used.
 *
 * The first error sticks. Every function after it returns a zero value and does not look at the
 * bytes, so a reader of many fields checks err once, at the end. Integers and lengths may be
 * written in any width. What is returned borrows the bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    enum err err;
};

void walk_fail(struct walk *walk, enum err err);

const uint8_t *walk_bytes(struct walk *walk, size_t len); /* NULL after an error */
bool walk_nil(struct walk *walk);                         /* true: there was one */
uint64_t walk_uint(struct walk *walk, uint64_t max);      /* ERR_VALUE over max */
int64_t walk_int(struct walk *walk);                      /* ERR_VALUE over INT64_MAX */
uint32_t walk_array(struct walk *walk, uint32_t max);     /* ERR_TOO_LONG over max */
const uint8_t *walk_bin(struct walk *walk, uint64_t len); /* ERR_VALUE unless len long */
/* A str of UTF-8 without NUL. ERR_VALUE under min_bytes, ERR_TOO_LONG over max_bytes. */
struct str walk_text(struct walk *walk, size_t min_bytes, size_t max_bytes);
struct str walk_text_or_nil(struct walk *walk, size_t max_bytes); /* ptr NULL: nil */

#endif
