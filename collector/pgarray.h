/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_PGARRAY_H
#define COLLECTOR_PGARRAY_H

/* A one-dimensional PostgreSQL array in binary format, built element by element, to be the
 * parameter of a statement that says unnest($n). Big-endian:
 *
 *     int32 dimensions | int32 has nulls | int32 element oid | int32 n | int32 lower bound 1 |
 *     n x (int32 bytes, -1 for null | content)
 *
 * Binary rather than text: nothing needs quoting, and float64 keeps its bits. The buffer is reused
 * from one transaction to the next. Growing past max_bytes aborts: the writer's groups are bounded
 * long before. Writer thread only; pure.
 */

#include <stddef.h>
#include <stdint.h>

#include "schema/db/pg.h"
#include "schema/wire/buf.h"

enum pgarray_type { /* element oids of PostgreSQL's catalogue (pg_type.dat) */
                    PGARRAY_INT8 = 20,
                    PGARRAY_INT2 = 21,
                    PGARRAY_INT4 = 23,
                    PGARRAY_TEXT = 25,
                    PGARRAY_FLOAT8 = 701,
                    PGARRAY_TIMESTAMPTZ = 1184,
                    PGARRAY_UUID = 2950,
};

struct pgarray {
    struct buf bytes;
    enum pgarray_type type;
    uint32_t n;
};

void pgarray_init(struct pgarray *array, enum pgarray_type type, size_t max_bytes);
void pgarray_fini(struct pgarray *array);
void pgarray_clear(struct pgarray *array);

/* The element's width must be that of the array's type. */
void pgarray_put_i64(struct pgarray *array, int64_t value);
void pgarray_put_i32(struct pgarray *array, int32_t value);
void pgarray_put_i16(struct pgarray *array, int16_t value);
void pgarray_put_bytes(struct pgarray *array, const void *bytes, size_t len); /* text, uuid */
void pgarray_put_null(struct pgarray *array);

/* The parameter; borrows the array until it is changed. */
struct pg_param pgarray_param(struct pgarray *array);

/* PostgreSQL's timestamptz (microseconds since 2000) of Unix nanoseconds; rounds down. */
int64_t pgarray_time_of_ns(int64_t unix_ns);

#endif
