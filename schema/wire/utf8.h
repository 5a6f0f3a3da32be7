/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_UTF8_H
#define SCHEMA_WIRE_UTF8_H

/* Code points of text that may be hostile, whoever shows it. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/buf.h"

/* Bytes of the first code point of s (RFC 3629, not NUL); 0: s is empty or begins with none. */
size_t utf8_point(struct str s, uint32_t *out_point);

/* Controls (C0, DEL, C1) and what has no width, breaks a line or changes the direction of what
 * stands around it. */
bool utf8_is_hidden(uint32_t point);

#endif
