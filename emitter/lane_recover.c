/* SPDX-License-Identifier: Apache-2.0 */
/* What a dead process has left of a lane, as a living one would have it. */

#include "emitter/lane.h"

static struct segment_batch as_spooled(const struct ringfile_batch *batch) {
    return (struct segment_batch){.seq = batch->seq,
                                  .emitted = batch->emitted,
                                  .dropped = batch->dropped,
                                  .dropped_before = batch->dropped - batch->gap.calls,
                                  .calls_before = batch->calls_before,
                                  .calls = (uint32_t)batch->calls};
}

/* A process that is killed between writing to the spool and noting it leaves the batch in both. */
static void adopt_spooled(struct ringfile_lane *file, uint64_t spool_end) {
    const uint64_t acked = atomic_load(&file->acked_seq);
    uint64_t spooled = atomic_load(&file->spooled_seq);
    spooled = spooled > acked ? spooled : acked;
    while (spooled < spool_end && spooled + 1 < atomic_load(&file->next_seq)) {
        const struct ringfile_batch *batch = &file->batches[++spooled % RINGFILE_BATCH_SLOTS];
        file->spooled[spooled % 2] = *batch;
        atomic_store(&file->spooled_seq, spooled);
        atomic_store(&file->shared.tail, batch->end);
    }
}

/* Moves the start of the spool to behind what is acknowledged. Without a ring only the spool knows
 * how many calls were dropped until then. */
static void skip_acknowledged(struct lane *lane, uint64_t acked, bool has_ring) {
    const uint64_t lost = atomic_load(&lane->file->lost_calls);
    struct spool_mark mark = spool_start(lane->spool);
    struct segment_batch batch;
    while (mark.seq <= acked && spool_read(lane->spool, &mark, &lane->items, &batch)) {
    }
    mark.seq = acked + 1;
    mark.calls = atomic_load(&lane->file->acked_calls) + lost;
    mark.lost = lost;
    if (has_ring) {
        mark.dropped = atomic_load(&lane->file->acked_dropped);
    }
    atomic_store(&lane->file->acked_dropped, mark.dropped);
    spool_acknowledge(lane->spool, &mark);
}

static void begin(struct lane *lane) {
    const uint64_t next = atomic_load(&lane->file->next_seq);
    const struct ringfile_batch *last = &lane->file->batches[(next - 1) % RINGFILE_BATCH_SLOTS];
    lane->cut_at = ringfile_cut_at(lane->file);
    lane->told_dropped = next > 1 && last->seq == next - 1 ? last->dropped : 0;
    lane->sent_seq = atomic_load(&lane->file->acked_seq);
    if (lane->spool != NULL) {
        lane->mark = spool_start(lane->spool);
    }
}

void lane_recover(struct lane *lane) {
    struct ringfile_lane *file = lane->file;
    const uint64_t acked = atomic_load(&file->acked_seq);
    if (lane->spool != NULL) {
        adopt_spooled(file, spool_last(lane->spool).seq);
        const uint64_t spooled = atomic_load(&file->spooled_seq);
        if (spooled > acked) {
            const struct segment_batch last = as_spooled(&file->spooled[spooled % 2]);
            const struct spool_mark first = {.seq = acked + 1,
                                             .calls = atomic_load(&file->acked_calls) +
                                                      atomic_load(&file->lost_calls),
                                             .dropped = atomic_load(&file->acked_dropped)};
            spool_expect(lane->spool, &first, &last);
        }
        skip_acknowledged(lane, acked, true);
    }
    begin(lane);
}

/* Without its ring nothing but the spool is known. Calls that were counted and are not in it were
 * in the ring: they are lost, and count as dropped. */
void lane_recover_spool(struct lane *lane, uint64_t generation) {
    struct ringfile_lane *file = lane->file;
    lane->ends = true;
    if (lane->spool == NULL) {
        begin(lane);
        return;
    }
    const struct segment_label *label = spool_label(lane->spool);
    const struct segment_batch last = spool_last(lane->spool);
    const struct spool_mark start = spool_start(lane->spool);
    const bool is_current = label->generation == generation;
    file->seq_base = is_current ? label->seq_base : start.seq - 1;
    file->base_calls = is_current ? label->calls_base : start.calls - start.lost;
    file->base_dropped = is_current ? label->dropped_base : start.dropped + start.lost;
    /* What is before the base was acknowledged to a former id. */
    const bool is_behind = file->seq_base >= start.seq;
    const uint64_t acked = is_behind ? file->seq_base : start.seq - 1;
    atomic_store(&file->lost_calls, start.lost);
    atomic_store(&file->acked_seq, acked);
    atomic_store(&file->acked_calls, is_behind ? file->base_calls : start.calls - start.lost);
    atomic_store(&file->spooled_seq, last.seq);
    atomic_store(&file->next_seq, last.seq + 1);
    file->batches[last.seq % RINGFILE_BATCH_SLOTS] =
        (struct ringfile_batch){.seq = last.seq,
                                .calls = last.calls,
                                .emitted = last.emitted,
                                .dropped = last.dropped,
                                .calls_before = last.calls_before};
    const uint64_t known = last.calls_before + last.calls + last.dropped;
    const uint64_t gone = last.emitted > known ? last.emitted - known : 0;
    atomic_store(&file->shared.emitted, last.emitted);
    atomic_store(&file->shared.dropped, last.dropped + gone);
    skip_acknowledged(lane, acked, false);
    begin(lane);
}
