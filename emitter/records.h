/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_RECORDS_H
#define EMITTER_RECORDS_H

/* What the records of a ring mean: written by the calling thread, read by the courier, or by
 * another process of this machine after this one was killed (so: host byte order, no pointers).
 * The _push functions publish one record and return false if the ring is full; the _read functions
 * borrow the record's bytes. Calls go to the metrics ring, the rest are events. */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/ring.h"
#include "schema/wire/wire.h"

struct records_call {
    uint32_t keyset; /* handle */
    uint32_t columns;
    int64_t step;
    int64_t time_ns;
};

/* values: call.columns of them. */
bool records_push_call(struct ring *ring, struct records_call call, const double *values);
/* out_values: float64 of this machine, may be unaligned. */
struct records_call records_read_call(const struct ring_record *record, const uint8_t **out_values);

bool records_push_alert(struct ring *ring, const struct wire_alert *alert);
/* Whether its lengths fit the record's. */
bool records_is_alert(const struct ring_record *record);
struct wire_alert records_read_alert(const struct ring_record *record);

bool records_push_finish(struct ring *ring, struct wire_finish finish);
struct wire_finish records_read_finish(const struct ring_record *record);

bool records_push_config(struct ring *ring, struct str config);
struct str records_read_config(const struct ring_record *record);

#endif
