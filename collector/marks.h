/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_MARKS_H
#define COLLECTOR_MARKS_H

/* How far each producer's lanes have come, as ingest sees it: received (handed to the writer) and
 * committed (in PostgreSQL). Only received + 1 is ever accepted, so a stream has no holes; only
 * committed is ever told to a producer, so nothing is promised that a crash could take back.
 * Ingest thread only. Pure: no I/O, no clock.
 *
 * Also the way back to a producer: the peer of its latest hello. A batch does not change it: frames
 * of a closed connection may be read after the hello of the next one.
 *
 * At most max producers are held; the one unused for longest is forgotten for a new one. That is
 * safe at any moment: its next batch is unknown, it says hello, and PostgreSQL tells where it is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/peer.h"
#include "schema/wire/wire.h"

/* 16 MiB of marks; one cluster of the largest known size fits. */
#define MARKS_PRODUCERS_MAX 65536

enum marks_verdict {
    MARKS_NEW,                 /* hand it to the writer; received has moved */
    MARKS_DUPLICATE_COMMITTED, /* ack again with committed */
    MARKS_DUPLICATE_IN_FLIGHT, /* say nothing: its ack follows its commit */
    MARKS_GAP,                 /* nack with committed */
    MARKS_UNKNOWN,             /* nack: say hello */
};

/* Whose connection: a key and what it was bound to when the hello was taken; 0: no key. */
struct marks_owner {
    uint64_t key_id;
    int64_t binding;
};

enum marks_claim {
    MARKS_CLAIM_GOOD,
    MARKS_CLAIM_STALE,   /* the producer must say hello again, so that its rights are looked at */
    MARKS_CLAIM_FOREIGN, /* it belongs to another key */
};

struct marks;

struct marks *marks_new(size_t max);
void marks_free(struct marks *marks); /* NULL is fine */
size_t marks_n(const struct marks *marks);

/* A hello came from peer. True if it must go to the writer; false if an earlier one is still there:
 * its answer will go to this peer. */
bool marks_hello(struct marks *marks, const struct wire_id *producer, const struct peer *peer);
/* Whether a connection of owner may speak as producer. A producer that is not held is not foreign:
 * its hello decides. */
enum marks_claim marks_claim(const struct marks *marks, const struct wire_id *producer,
                             const struct marks_owner *owner);
/* After marks_hello(): the hello came by a connection of owner. */
void marks_own(struct marks *marks, const struct wire_id *producer,
               const struct marks_owner *owner);
/* The writer answered the hello: PostgreSQL stands at last_seq. Batches in flight stay in flight.
 */
void marks_welcome(struct marks *marks, const struct wire_id *producer,
                   const uint64_t last_seq[WIRE_LANES]);
/* The writer refused the hello, or PostgreSQL does not know the producer. */
void marks_forget(struct marks *marks, const struct wire_id *producer);

/* A batch came. out_committed: what to ack or nack with; 0 for an unknown producer. */
enum marks_verdict marks_check(struct marks *marks, const struct wire_id *producer,
                               enum wire_lane lane, uint64_t seq, uint64_t *out_committed);
/* A batch that was judged MARKS_NEW just now is not handed to the writer: it is expected again. */
void marks_take_back(struct marks *marks, const struct wire_id *producer, enum wire_lane lane,
                     uint64_t seq);
/* The writer committed up to last_seq. */
void marks_commit(struct marks *marks, const struct wire_id *producer, enum wire_lane lane,
                  uint64_t last_seq);
/* The writer could not commit what came after last_seq: it is expected anew. */
void marks_roll_back(struct marks *marks, const struct wire_id *producer, enum wire_lane lane,
                     uint64_t last_seq);

/* Peer of the latest hello; NULL for a producer not held. borrows until the next call. */
const struct peer *marks_peer_of(const struct marks *marks, const struct wire_id *producer);

#endif
