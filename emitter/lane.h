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
    struct batcher_source source;
    enum wire_lane id;
    uint64_t window;          /* batches, below RINGFILE_BATCH_SLOTS */
    int64_t max_age_ns;       /* how long a record may wait for others; 0: not at all */
    uint64_t sent_seq;        /* on this connection */
    uint64_t cut_at;          /* position behind the last batch */
    int64_t waiting_since_ns; /* 0: nothing waits */
    uint64_t told_dropped;    /* in the newest batch that was cut */
    int64_t rewound_at_ns;
    int64_t hold_ns;       /* latest pause over a quota; 0: none since something was acknowledged */
    int64_t held_until_ns; /* over a quota: nothing is sent before */
    bool held;
    bool nacked; /* to be sent again from acked_seq + 1 */
};

/* Cuts what is due into batches, while the window has room. hurry: do not wait for max_age_ns.
 * Calls that were dropped and that no record follows get a batch without content: their number must
 * reach the database. */
void lane_cut(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry);
/* The next batch to be sent, or false. */
bool lane_next(const struct lane *lane, struct ringfile_batch *out);
/* Builds the frame of a batch. Errors: as batcher_build(). */
enum err lane_build(const struct lane *lane, struct batcher *batcher,
                    const struct wire_id *producer, const struct ringfile_batch *batch,
                    struct str *out_frame) ERR_MUST_CHECK;
void lane_sent(struct lane *lane, const struct ringfile_batch *batch);
/* Everything up to last_seq is committed. False if that is nothing new; numbers that were never cut
 * are ignored, they are not ours. */
bool lane_acknowledge(struct lane *lane, uint64_t last_seq);
/* What is not acknowledged is sent again. */
void lane_rewind(struct lane *lane);
/* The collector stands at last_seq and did not take what followed. Every batch behind a gap is
 * refused, so one rewind answers all of them: this notes it, lane_tick() does it. */
void lane_nack(struct lane *lane, uint64_t last_seq);
/* The collector will take what is not acknowledged, but later: each time a longer pause. */
void lane_hold(struct lane *lane, int64_t now_ns);
void lane_tick(struct lane *lane, int64_t now_ns);
/* Numbers what is not acknowledged from 1, for a new producer id. */
void lane_restart(struct lane *lane);
/* Whether the collector's mark is one that our numbers can go on from. */
bool lane_agrees(const struct lane *lane, uint64_t last_seq);
bool lane_in_flight(const struct lane *lane);
uint64_t lane_bytes_in_flight(const struct lane *lane);
/* Nothing is left to tell: all that is published and all that was dropped is acknowledged. */
bool lane_is_empty(const struct lane *lane);

#endif
