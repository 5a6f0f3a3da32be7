/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_BLOCKCOPY_H
#define COLLECTOR_BLOCKCOPY_H

/* Blocks as the bytes of COPY blocks FROM STDIN (FORMAT binary), straight from the wire's
 * little-endian columns. Per value: four bytes of length and the eight bytes reversed; the bits of
 * a NaN stay what they were. Pure: fills a buffer, the caller sends and clears it.
 *
 *     header | tuple | tuple | ... | trailer
 *     tuple  = int16 9 | run_id | keyset_id | first_step | last_step | rank | attempt |
 *              steps int8[] | times timestamptz[] | values float8[]      (each: int32 bytes, bytes)
 */

#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"
#include "schema/wire/wire.h"

/* A buffer of this maximum takes at least one tuple of any block that fits in a frame: half as
 * much again as its arrays, plus the fixed part. */
#define BLOCKCOPY_TUPLE_BYTES_MAX (WIRE_FRAME_BYTES_MAX + WIRE_FRAME_BYTES_MAX / 2 + 4096)

struct blockcopy_owner { /* whose block it is */
    uint64_t run_id;
    uint32_t rank;
    uint32_t attempt;
};

/* ERR_TOO_LONG: out is full and unchanged. */
enum err blockcopy_header(struct buf *out) ERR_MUST_CHECK;
enum err blockcopy_tuple(const struct blockcopy_owner *owner, const struct wire_block *block,
                         struct buf *out) ERR_MUST_CHECK;
enum err blockcopy_trailer(struct buf *out) ERR_MUST_CHECK;

#endif
