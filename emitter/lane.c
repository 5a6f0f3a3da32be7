/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/lane.h"

#include "schema/wire/clock.h"

/* Longer than the stale refusals of one gap take to arrive. */
#define REWIND_PAUSE_NS (200 * CLOCK_NS_PER_MS)
#define HOLD_MIN_NS     (500 * CLOCK_NS_PER_MS)
#define HOLD_MAX_NS     (10 * CLOCK_NS_PER_S)

static struct ringfile_batch *slot(const struct lane *lane, uint64_t seq) {
    return &lane->file->batches[seq % RINGFILE_BATCH_SLOTS];
}

static uint64_t acked_seq(const struct lane *lane) {
    return atomic_load_explicit(&lane->file->acked_seq, memory_order_relaxed);
}

static uint64_t next_seq(const struct lane *lane) {
    return atomic_load_explicit(&lane->file->next_seq, memory_order_relaxed);
}

static uint64_t dropped(const struct lane *lane) {
    return atomic_load_explicit(&lane->source.ring->shared->dropped, memory_order_acquire);
}

/* After dropped(): a call is counted as emitted before it is counted as dropped. */
static uint64_t emitted(const struct lane *lane) {
    return atomic_load_explicit(&lane->source.ring->shared->emitted, memory_order_relaxed) -
           lane->file->base_calls;
}

static bool has_room(const struct lane *lane) {
    return next_seq(lane) - acked_seq(lane) <= lane->window;
}

static void append(struct lane *lane, struct batcher *batcher, const struct batcher_range *range) {
    const uint64_t seq = next_seq(lane);
    lane->told_dropped = dropped(lane);
    *slot(lane, seq) = (struct ringfile_batch){.seq = seq,
                                               .start = range->start,
                                               .end = range->end,
                                               .calls = range->calls,
                                               .bytes = range->bytes,
                                               .dropped = lane->told_dropped,
                                               .emitted = emitted(lane)};
    batcher_settle(batcher, &lane->source, seq);
    atomic_store_explicit(&lane->file->next_seq, seq + 1, memory_order_release);
    lane->cut_at = range->end;
    lane->waiting_since_ns = 0;
}

static bool is_due(struct lane *lane, const struct batcher_range *range, int64_t now_ns,
                   bool hurry) {
    if (range->end == range->start && dropped(lane) == lane->told_dropped) {
        return false;
    }
    if (lane->waiting_since_ns == 0) {
        lane->waiting_since_ns = now_ns;
    }
    return range->full || hurry || now_ns - lane->waiting_since_ns >= lane->max_age_ns;
}

void lane_cut(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry) {
    while (has_room(lane)) {
        const struct batcher_range range =
            batcher_cut(batcher, &lane->source, lane->cut_at, next_seq(lane));
        if (!is_due(lane, &range, now_ns, hurry)) {
            return;
        }
        append(lane, batcher, &range);
    }
}

bool lane_next(const struct lane *lane, struct ringfile_batch *out) {
    if (lane->held || lane->sent_seq + 1 >= next_seq(lane)) {
        return false;
    }
    *out = *slot(lane, lane->sent_seq + 1);
    return true;
}

enum err lane_build(const struct lane *lane, struct batcher *batcher,
                    const struct wire_id *producer, const struct ringfile_batch *batch,
                    struct str *out_frame) {
    const struct batcher_range range = {.start = batch->start, .end = batch->end};
    const struct wire_batch head = {.producer = *producer,
                                    .lane = lane->id,
                                    .seq = batch->seq,
                                    .emitted = batch->emitted,
                                    .dropped = batch->dropped};
    return batcher_build(batcher, &lane->source, &range, &head, out_frame);
}

void lane_sent(struct lane *lane, const struct ringfile_batch *batch) {
    lane->sent_seq = batch->seq;
}

static void release(struct lane *lane, uint64_t seq) {
    const struct ringfile_batch *batch = slot(lane, seq);
    atomic_fetch_add_explicit(&lane->file->acked_calls, batch->calls, memory_order_relaxed);
    atomic_store_explicit(&lane->file->acked_seq, seq, memory_order_release);
    ring_release(lane->source.ring, batch->end);
}

bool lane_acknowledge(struct lane *lane, uint64_t last_seq) {
    if (last_seq >= next_seq(lane) || last_seq <= acked_seq(lane)) {
        return false;
    }
    for (uint64_t seq = acked_seq(lane) + 1; seq <= last_seq; seq++) {
        release(lane, seq);
    }
    lane->nacked = false;
    lane->hold_ns = 0;
    if (lane->sent_seq < last_seq) {
        lane->sent_seq = last_seq;
    }
    return true;
}

void lane_rewind(struct lane *lane) {
    lane->sent_seq = acked_seq(lane);
    lane->nacked = false;
}

void lane_nack(struct lane *lane, uint64_t last_seq) {
    lane->nacked = last_seq == acked_seq(lane);
}

void lane_hold(struct lane *lane, int64_t now_ns) {
    const int64_t longer_ns = 2 * lane->hold_ns;
    lane->hold_ns = longer_ns < HOLD_MIN_NS   ? HOLD_MIN_NS
                    : longer_ns > HOLD_MAX_NS ? HOLD_MAX_NS
                                              : longer_ns;
    lane->held_until_ns = now_ns + lane->hold_ns;
    lane->held = true;
    lane_rewind(lane);
}

void lane_tick(struct lane *lane, int64_t now_ns) {
    lane->held = now_ns < lane->held_until_ns;
    if (lane->nacked && now_ns - lane->rewound_at_ns >= REWIND_PAUSE_NS) {
        lane->rewound_at_ns = now_ns;
        lane_rewind(lane);
    }
}

/* Batches are cut anew: the collector has seen none of them under the new id. */
void lane_restart(struct lane *lane) {
    atomic_store_explicit(&lane->file->next_seq, 1, memory_order_release);
    atomic_store_explicit(&lane->file->acked_seq, 0, memory_order_release);
    lane->file->base_calls = atomic_load(&lane->file->acked_calls);
    lane->cut_at = atomic_load_explicit(&lane->source.ring->shared->tail, memory_order_relaxed);
    lane->waiting_since_ns = 0;
    lane_rewind(lane);
}

bool lane_agrees(const struct lane *lane, uint64_t last_seq) {
    return last_seq >= acked_seq(lane) && last_seq < next_seq(lane);
}

bool lane_in_flight(const struct lane *lane) {
    return lane->sent_seq > acked_seq(lane);
}

uint64_t lane_bytes_in_flight(const struct lane *lane) {
    uint64_t bytes = 0;
    for (uint64_t seq = acked_seq(lane) + 1; seq <= lane->sent_seq; seq++) {
        bytes += slot(lane, seq)->bytes;
    }
    return bytes;
}

bool lane_is_empty(const struct lane *lane) {
    struct ring_record record;
    return acked_seq(lane) + 1 == next_seq(lane) && dropped(lane) == lane->told_dropped &&
           !ring_read(lane->source.ring, lane->cut_at, &record);
}
