/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_LANE_H
#define EMITTER_LANE_H

/* One ordered stream of a producer on its way out: records of its ring are cut into numbered
 * batches, a window of them is in flight, acknowledgements free the ring. What the ring has no room
 * for goes to the spool, oldest first; it is sent from there before anything from the ring. Courier
 * only.
 *
 *     acked_seq      sent_seq       spooled_seq              next_seq - 1
 *        |  in flight   |  in the spool  |  cut, in the ring     |  records not cut yet
 *
 * sent_seq may be on either side of spooled_seq. Numbers never go back: for a new producer id they
 * travel less seq_base. The functions below take and give numbers as they travel. */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/batcher.h"
#include "emitter/ringfile.h"
#include "emitter/spool.h"

struct lane_ready { /* the spooled batch that is sent next */
    uint64_t seq;   /* 0: none was read yet */
    uint64_t bytes;
    struct spool_mark behind;
};

struct lane {
    struct ringfile_lane *file; /* borrows */
    struct batcher_source source;
    struct spool *spool; /* borrows; NULL: everything stays in the ring */
    enum wire_lane id;
    struct wire_id producer;
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
    bool ends;   /* nothing can follow what is here: a collector that has more has all of it */
    bool nacked; /* to be sent again from acked_seq + 1 */

    uint64_t sent_bytes[RINGFILE_BATCH_SLOTS];          /* of the batches in flight */
    struct spool_mark sent_marks[RINGFILE_BATCH_SLOTS]; /* behind those from the spool */
    struct spool_mark mark;                             /* behind the last one of them */
    struct lane_ready ready;
    struct buf items; /* of it */
    struct buf frame;
};

/* Both for a lane whose other fields are set. */
void lane_init(struct lane *lane);
void lane_fini(struct lane *lane); /* fine on a zeroed one */
/* After lane_init(), for a lane whose process is gone: continues where its file (ringfile_open())
 * and its spool (spool_recover(), if there is one) leave off. */
void lane_recover(struct lane *lane);
/* The same for a lane of ringfile_for_spool(); spool: NULL if this lane has none. */
void lane_recover_spool(struct lane *lane, uint64_t generation);

/* Cuts what is due into batches, while the window has room. hurry: do not wait for max_age_ns.
 * Calls that were dropped and that no record follows get a batch without content: their number must
 * reach the database. */
void lane_cut(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry);
/* Whether another batch may be sent, and how long its frame is at most. */
bool lane_next(struct lane *lane, uint64_t *out_bytes);
/* Builds the frame of that batch; borrowed until the next call. Errors: as batcher_build(). */
enum err lane_build(struct lane *lane, struct batcher *batcher,
                    struct str *out_frame) ERR_MUST_CHECK;
/* That batch was sent. */
void lane_sent(struct lane *lane);
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
void lane_restart(struct lane *lane, const struct wire_id *producer);
/* Whether the collector's mark is one that our numbers can go on from. */
bool lane_agrees(const struct lane *lane, uint64_t last_seq);
bool lane_in_flight(const struct lane *lane);
uint64_t lane_bytes_in_flight(const struct lane *lane);
/* Nothing is left to tell: all that is published and all that was dropped is acknowledged. */
bool lane_is_empty(const struct lane *lane);

/* Nothing is left in the ring: all that is not acknowledged is in the spool. */
bool lane_is_released(const struct lane *lane);

/* How the spool must present what it has after lane_restart(): the label's seq_base, calls_base and
 * lost. */
void lane_label(const struct lane *lane, struct segment_label *out);
/* Moves the oldest batch of the ring to the spool; what is in flight may be moved too. Cuts one if
 * there is none. ERR_NOT_FOUND: nothing is left to move. Others: as spool_append(). */
enum err lane_spool(struct lane *lane, struct batcher *batcher, struct why *why) ERR_MUST_CHECK;

#endif
