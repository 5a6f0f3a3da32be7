/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COUNTERS_H
#define COLLECTOR_COUNTERS_H

/* What tocsind counts, from the table counters.def. Any thread may count and read at any time; the
 * figures of one reading need not be of one instant. Tests wait on these, never on time. */

#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

enum counter {
#define COUNTER(symbol, family, labels, kind, help) COUNTER_##symbol,
#include "collector/counters.def"
#undef COUNTER
    COUNTER_N
};

void counters_add(enum counter counter, int64_t n);
void counters_set(enum counter counter, int64_t value); /* gauges only */
int64_t counters_get(enum counter counter);

/* Appends everything in Prometheus' text format. ERR_TOO_LONG if out's maximum is below 64 KiB. */
enum err counters_print(struct buf *out) ERR_MUST_CHECK;
/* Appends the table of docs/config.md. */
enum err counters_print_docs(struct buf *out) ERR_MUST_CHECK;

#endif
