/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WIRE_SAMPLES_H
#define TESTS_UNIT_WIRE_SAMPLES_H

/* One encoded frame of every kind, and batches with every kind of item, for the tests of the wire.
 */

#include "schema/wire/wire.h"

#define WIRE_SAMPLES_N 9

/* The id that every sample carries: bytes 0x10, 0x11, ... */
struct wire_id wire_samples_id(void);

/* A hello whose fields are all set; borrows literals. */
struct wire_hello wire_samples_hello(void);

/* Replaces the content of out by sample i (below WIRE_SAMPLES_N). Sample 0 is the hello; the last
 * two are an events batch and a metrics batch with every kind of item of their lane. Fails the
 * running test if encoding fails. */
void wire_samples_encode(int i, struct buf *out);

/* Values of the block in the metrics batch as IEEE 754 bits: column by column, two calls each. */
#define WIRE_SAMPLES_CALLS   2
#define WIRE_SAMPLES_COLUMNS 4
extern const uint64_t wire_samples_values[WIRE_SAMPLES_CALLS * WIRE_SAMPLES_COLUMNS];
extern const int64_t wire_samples_steps[WIRE_SAMPLES_CALLS];
extern const int64_t wire_samples_times_ns[WIRE_SAMPLES_CALLS];
extern const struct str wire_samples_names[WIRE_SAMPLES_COLUMNS];

#endif
