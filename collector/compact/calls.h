/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_CALLS_H
#define COLLECTOR_COMPACT_CALLS_H

/* Calls of one keyset, rank and attempt, taken out of blocks of any size, put in the order of their
 * steps (equal steps: of their times, then as they came), and given out again by number. Values
 * stay bits: a NaN is what it was. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/db/binary.h"

#define CALLS_VALUES_MAX ((size_t)1 << 20) /* 8 MiB: several of the largest blocks */

struct calls;

/* Of a keyset of so many columns, 1 to CALLS_VALUES_MAX. */
struct calls *calls_new(uint32_t columns);
void calls_free(struct calls *calls); /* NULL is fine */

/* Adds a block. False, and nothing is added: the arrays do not fit together, or there are more
 * values than CALLS_VALUES_MAX. */
bool calls_add(struct calls *calls, const struct binary_array *steps,
               const struct binary_array *times, const struct binary_array *values);
void calls_clear(struct calls *calls);
void calls_sort(struct calls *calls);

uint32_t calls_n(const struct calls *calls);
uint32_t calls_columns(const struct calls *calls);
int64_t calls_step(const struct calls *calls, uint32_t i);
int64_t calls_time_us(const struct calls *calls, uint32_t i); /* as PostgreSQL counts: since 2000 */
int64_t calls_bits(const struct calls *calls, uint32_t i, uint32_t column);
double calls_value(const struct calls *calls, uint32_t i, uint32_t column);

#endif
