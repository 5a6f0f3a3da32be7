/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_RING_H
#define EMITTER_RING_H

/* A ring of records between the threads that log (any number) and the courier (one). It lives in
 * memory that outlives the process, so everything needed to read it again is in it.
 *
 *     tail                     position read so far            head
 *      |  sent, not yet acked   |  published   | being written  |
 *      v                        v              v                v
 *   ---+------------------------+--------------+----------------+---- free ----
 *
 * Positions are 64-bit byte counts that only grow; a record is at position & (size - 1) and never
 * wraps: the rest of a turn is filled by a record of kind RING_PAD. Each record:
 *
 *     0        8     12    16
 *     | stamp  | len | kind | payload ... | to a multiple of 16
 *
 * A writer takes room by moving head (compare and swap), fills the payload, and publishes by
 * storing stamp = position XOR the ring's random key. Whatever a former turn left there is not that
 * number, so a record that was never finished, by a thread that is slow or dead, is never read.
 * The tail moves only when the collector has committed: that is what a killed process leaves
 * behind.
 */

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emitter/gap.h"

enum ring_kind { RING_PAD = 0, RING_CALL = 1, RING_ALERT = 2, RING_FINISH = 3, RING_CONFIG = 4 };

/* The part that lives in the mapped file, next to the bytes. */
struct ring_shared {
    alignas(64) _Atomic uint64_t head;
    alignas(64) _Atomic uint64_t tail;
    /* Calls of the application, kept by the callers: emitted is counted before the record is
     * published, so that a batch never holds a call that its totals do not. */
    alignas(64) _Atomic uint64_t emitted;
    _Atomic uint64_t dropped;
    alignas(64) struct gap gap; /* of them, what no batch has told yet */
};

struct ring {
    struct ring_shared *shared; /* borrows */
    uint8_t *bytes;             /* borrows; size bytes, aligned to 16 */
    uint64_t size;              /* a power of two */
    uint64_t key;
};

struct ring_record {
    enum ring_kind kind;
    uint32_t len;           /* of the payload, as reserved */
    const uint8_t *payload; /* borrows: until ring_release() passes it */
    uint64_t next;          /* position behind the record */
};

/* Any thread. Room for one record, or NULL if the ring is full; no wait, no system call. The
 * payload must be filled and published soon: the reader stops at the first unpublished record. */
void *ring_reserve(struct ring *ring, enum ring_kind kind, uint32_t len, uint64_t *out_position);
void ring_publish(struct ring *ring, uint64_t position);

/* Courier only. False: nothing published at this position yet. Pads are skipped. */
bool ring_read(const struct ring *ring, uint64_t position, struct ring_record *out);
/* Frees everything before position for the writers. */
void ring_release(struct ring *ring, uint64_t position);

/* For a ring whose writers are gone: what lies between tail and head and was never published, by a
 * thread that was killed, becomes padding, so that what others published behind it can be read.
 * False: the ring makes no sense. */
bool ring_heal(struct ring *ring);
/* Bytes that are not free. */
uint64_t ring_used(const struct ring *ring);

#endif
