/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/lane.h"

static struct ringfile_batch *slot(const struct lane *lane, uint64_t seq)
{
    return &lane->file->batches[seq % RINGFILE_BATCH_SLOTS];
}

static bool has_room(const struct lane *lane)
{
    return lane->file->next_seq - lane->file->acked_seq <= lane->window;
}

static void append(struct lane *lane, const struct batcher_range *range)
{
    const uint64_t seq = lane->file->next_seq;
    *slot(lane, seq) = (struct ringfile_batch){
        .seq = seq, .start = range->start, .end = range->end, .calls = range->calls};
    lane->file->next_seq = seq + 1;
    lane->cut_at = range->end;
    lane->waiting_since_ns = 0;
}

void lane_cut(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry)
{
    while (has_room(lane)) {
        const struct batcher_range range = batcher_cut(batcher, lane->ring, lane->cut_at);
        if (range.end == range.start) {
            return;
        }
        if (lane->waiting_since_ns == 0) {
            lane->waiting_since_ns = now_ns;
        }
        if (!range.full && !hurry && now_ns - lane->waiting_since_ns < lane->max_age_ns) {
            return;
        }
        append(lane, &range);
    }
}

bool lane_next(const struct lane *lane, struct ringfile_batch *out)
{
    if (lane->sent_seq + 1 >= lane->file->next_seq) {
        return false;
    }
    *out = *slot(lane, lane->sent_seq + 1);
    return true;
}

uint64_t lane_acknowledge(struct lane *lane, uint64_t last_seq)
{
    uint64_t calls = 0;
    if (last_seq >= lane->file->next_seq) {
        return 0;
    }
    for (uint64_t seq = lane->file->acked_seq + 1; seq <= last_seq; seq++) {
        calls += slot(lane, seq)->calls;
        lane->file->acked_seq = seq;
        ring_release(lane->ring, slot(lane, seq)->end);
    }
    if (lane->sent_seq < lane->file->acked_seq) {
        lane->sent_seq = lane->file->acked_seq;
    }
    return calls;
}

void lane_rewind(struct lane *lane)
{
    lane->sent_seq = lane->file->acked_seq;
}

void lane_renumber(struct lane *lane)
{
    const uint64_t first = lane->file->acked_seq + 1;
    const uint64_t n = lane->file->next_seq - first;
    struct ringfile_batch batches[RINGFILE_BATCH_SLOTS];
    for (uint64_t i = 0; i < n; i++) {
        batches[i] = *slot(lane, first + i);
    }
    for (uint64_t i = 0; i < n; i++) {
        batches[i].seq = i + 1;
        *slot(lane, i + 1) = batches[i];
    }
    lane->file->acked_seq = 0;
    lane->file->next_seq = n + 1;
    lane->sent_seq = 0;
}

bool lane_agrees(const struct lane *lane, uint64_t last_seq)
{
    return last_seq >= lane->file->acked_seq && last_seq < lane->file->next_seq;
}

bool lane_in_flight(const struct lane *lane)
{
    return lane->sent_seq > lane->file->acked_seq;
}

bool lane_is_empty(const struct lane *lane)
{
    struct ring_record record;
    return lane->file->acked_seq + 1 == lane->file->next_seq &&
           !ring_read(lane->ring, lane->cut_at, &record);
}
