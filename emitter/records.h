/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_RECORDS_H
#define EMITTER_RECORDS_H

/* What the records of a ring mean: written by the calling thread, read by the courier, or by
 * another process of this machine after this one was killed (so: host byte order, no pointers).
 * The _push functions publish one record and return false if the ring is full; the _read functions
 * borrow the record's bytes. Calls go to the metrics ring, as do keysets; the rest are events. */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/ring.h"
#include "schema/wire/wire.h"

struct records_call {
    uint64_t keyset_id;
    int64_t step;
    int64_t time_ns;
    uint32_t columns;
    const uint8_t *values; /* columns float64 of this machine; may be unaligned */
};

bool records_push_call(struct ring *ring, uint64_t keyset_id, int64_t step, int64_t time_ns,
                       uint32_t columns, const double *values);
struct records_call records_read_call(const struct ring_record *record);

struct records_keyset {
    uint64_t keyset_id;
    enum wire_series kind;
    uint32_t columns;
};
/* names[0..columns): NUL-terminated, checked by the caller. */
bool records_push_keyset(struct ring *ring, struct records_keyset keyset, const char *const *names);
/* out_names: room for WIRE_KEYSET_COLUMNS_MAX views. */
struct records_keyset records_read_keyset(const struct ring_record *record, struct str *out_names);

bool records_push_alert(struct ring *ring, const struct wire_alert *alert);
struct wire_alert records_read_alert(const struct ring_record *record);

bool records_push_finish(struct ring *ring, struct wire_finish finish);
struct wire_finish records_read_finish(const struct ring_record *record);

bool records_push_config(struct ring *ring, struct str config);
struct str records_read_config(const struct ring_record *record);

#endif
