/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_LANE_H
#define EMITTER_LANE_H

/* One ordered stream of a producer on its way out: records of its ring are cut into numbered
 * batches, a window of them is in flight, acknowledgements free the ring. Pure but for the mapped
 * file it writes its marks to. Courier only.
 *
 *     acked_seq      sent_seq                next_seq - 1
 *        |  in flight   |  cut, to be sent again  |  records not cut yet
 */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/batcher.h"
#include "emitter/ringfile.h"

struct lane {
    struct ringfile_lane *file; /* borrows */
    struct ring *ring;          /* borrows */
    enum wire_lane id;
    uint64_t window;            /* batches, below RINGFILE_BATCH_SLOTS */
    int64_t max_age_ns;         /* how long a record may wait for others; 0: not at all */
    uint64_t sent_seq;          /* on this connection */
    uint64_t cut_at;            /* position behind the last batch */
    int64_t waiting_since_ns;   /* 0: nothing waits */
};

/* Cuts what is due into batches, while the window has room. hurry: do not wait for max_age_ns. */
void lane_cut(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry);
/* The next batch to be sent, or false. */
bool lane_next(const struct lane *lane, struct ringfile_batch *out);
/* Everything up to last_seq is committed. Returns the calls that this newly acknowledges. Numbers
 * that were never sent are ignored: they are not ours. */
uint64_t lane_acknowledge(struct lane *lane, uint64_t last_seq);
/* What is not acknowledged is sent again. */
void lane_rewind(struct lane *lane);
/* Numbers the batches from 1 again, for a new producer id. */
void lane_renumber(struct lane *lane);
/* Whether the collector's mark is one that our numbers can go on from. */
bool lane_agrees(const struct lane *lane, uint64_t last_seq);
bool lane_in_flight(const struct lane *lane);
/* Nothing published is unacknowledged. */
bool lane_is_empty(const struct lane *lane);

#endif
