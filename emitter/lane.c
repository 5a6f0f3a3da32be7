/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/lane.h"

#include "schema/wire/clock.h"

/* Longer than the stale refusals of one gap take to arrive. */
#define REWIND_PAUSE_NS (200 * CLOCK_NS_PER_MS)
#define HOLD_MIN_NS     (500 * CLOCK_NS_PER_MS)
#define HOLD_MAX_NS     (10 * CLOCK_NS_PER_S)

void lane_init(struct lane *lane) {
    buf_init(&lane->items, WIRE_FRAME_BYTES_MAX);
    buf_init(&lane->frame, WIRE_FRAME_BYTES_MAX);
}

void lane_fini(struct lane *lane) {
    buf_fini(&lane->items);
    buf_fini(&lane->frame);
}

static struct ringfile_batch *slot(const struct lane *lane, uint64_t seq) {
    return &lane->file->batches[seq % RINGFILE_BATCH_SLOTS];
}

static uint64_t acked_seq(const struct lane *lane) {
    return atomic_load_explicit(&lane->file->acked_seq, memory_order_relaxed);
}

static uint64_t next_seq(const struct lane *lane) {
    return atomic_load_explicit(&lane->file->next_seq, memory_order_relaxed);
}

static uint64_t spooled_seq(const struct lane *lane) {
    return atomic_load_explicit(&lane->file->spooled_seq, memory_order_relaxed);
}

/* The last batch that is not in the ring any more. */
static uint64_t released_seq(const struct lane *lane) {
    const uint64_t acked = acked_seq(lane);
    const uint64_t spooled = spooled_seq(lane);
    return spooled > acked ? spooled : acked;
}

static uint64_t dropped(const struct lane *lane) {
    return atomic_load_explicit(&lane->source.ring->shared->dropped, memory_order_acquire);
}

/* After dropped(): a call is counted as emitted before it is counted as dropped. */
static uint64_t emitted(const struct lane *lane) {
    return atomic_load_explicit(&lane->source.ring->shared->emitted, memory_order_relaxed);
}

/* Calls that a reader of the spool found unreadable, up to what was sent or acknowledged last. */
static uint64_t lost(const struct lane *lane) {
    const uint64_t told = atomic_load_explicit(&lane->file->lost_calls, memory_order_relaxed);
    return lane->mark.lost > told ? lane->mark.lost : told;
}

/* Cutting */

static uint64_t calls_through(const struct lane *lane, uint64_t seq) {
    const struct ringfile_batch *batch = slot(lane, seq);
    return batch->seq == seq ? batch->calls_before + batch->calls : 0;
}

static uint64_t dropped_through(const struct lane *lane, uint64_t seq) {
    const struct ringfile_batch *batch = slot(lane, seq);
    return batch->seq == seq ? batch->dropped : 0;
}

static bool has_room(const struct lane *lane) {
    return next_seq(lane) - released_seq(lane) <= lane->window;
}

static void append(struct lane *lane, struct batcher *batcher, const struct batcher_range *range,
                   uint64_t dropped_now) {
    const uint64_t seq = next_seq(lane);
    struct ring_shared *shared = lane->source.ring->shared;
    const uint64_t told = lane->told_dropped;
    lane->told_dropped = dropped_now;
    *slot(lane, seq) = (struct ringfile_batch){
        .seq = seq,
        .start = range->start,
        .end = range->end,
        .calls = range->calls,
        .bytes = range->bytes,
        .dropped = lane->told_dropped,
        .emitted = emitted(lane),
        .calls_before = calls_through(lane, seq - 1),
        .gap = {.calls = lane->told_dropped - told, .span = shared->gap.kept}};
    batcher_settle(batcher, &lane->source, seq);
    atomic_store_explicit(&lane->file->next_seq, seq + 1, memory_order_release);
    gap_clear(&shared->gap);
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

static bool cut_one(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry) {
    const struct batcher_range range =
        batcher_cut(batcher, &lane->source, lane->cut_at, next_seq(lane));
    if (!is_due(lane, &range, now_ns, hurry)) {
        return false;
    }
    struct ring_shared *shared = lane->source.ring->shared;
    const uint64_t told = lane->told_dropped;
    const uint64_t dropped_now = gap_take(&shared->gap, &shared->dropped, told, hurry);
    if (range.end == range.start && dropped_now == told) {
        return false;
    }
    append(lane, batcher, &range, dropped_now);
    return true;
}

void lane_cut(struct lane *lane, struct batcher *batcher, int64_t now_ns, bool hurry) {
    while (has_room(lane) && cut_one(lane, batcher, now_ns, hurry)) {
    }
}

/* What a batch says of itself, under the number and with the totals that the collector knows. */
static struct wire_batch head_of(const struct lane *lane, uint64_t seq, uint64_t emitted,
                                 uint64_t dropped) {
    const struct ringfile_lane *file = lane->file;
    return (struct wire_batch){.producer = lane->producer,
                               .lane = lane->id,
                               .seq = seq - file->seq_base,
                               .emitted = emitted - file->base_calls - file->base_dropped,
                               .dropped = dropped - file->base_dropped};
}

/* Reading the spool */

static uint64_t gap_calls_of(const struct wire_item *item) {
    return item->kind == WIRE_ITEM_GAP ? item->gap.calls : 0;
}

static uint64_t sum_of(const struct wire_batch *batch,
                       uint64_t (*calls_of)(const struct wire_item *item)) {
    struct wire_cursor cursor = batch->items;
    struct wire_item item;
    uint64_t calls = 0;
    while (wire_next_item(&cursor, &item)) {
        calls += calls_of(&item);
    }
    return calls;
}

/* What the total of dropped and lost calls gains with a batch, less what its own gap tells: nobody
 * knows the steps of these. */
static uint64_t untold(const struct lane *lane, const struct segment_batch *batch,
                       const struct spool_mark *before, const struct spool_mark *after) {
    const uint64_t gained = after->dropped + after->lost - before->dropped - before->lost;
    const uint64_t told = batch->dropped - batch->dropped_before;
    return lane->id == WIRE_LANE_METRICS && gained > told ? gained - told : 0;
}

/* The frame of what was read into lane->items. */
static enum err frame_spooled(struct lane *lane, const struct segment_batch *batch,
                              const struct spool_mark *mark, uint64_t calls_untold) {
    const struct wire_batch head =
        head_of(lane, batch->seq, batch->emitted, mark->dropped + mark->lost);
    const struct wire_gap gap = {.calls = calls_untold, .span = WIRE_SPAN_NONE};
    buf_clear(&lane->frame);
    enum err err = wire_begin_batch(&head, batch->items + (calls_untold > 0), &lane->frame);
    if (err == ERR_OK && calls_untold > 0) {
        err = wire_put_gap(&gap, &lane->frame);
    }
    return err == ERR_OK ? buf_append(&lane->frame, lane->items.ptr, lane->items.len) : err;
}

/* A frame that the collector would not take holds up everything behind it. */
static bool is_sendable(const struct lane *lane, const struct segment_batch *batch,
                        uint64_t calls_untold) {
    const uint64_t told =
        lane->id == WIRE_LANE_METRICS ? batch->dropped - batch->dropped_before : 0;
    struct wire_frame frame;
    return wire_decode(lane->frame.ptr, lane->frame.len, &frame) == ERR_OK &&
           sum_of(&frame.batch, wire_item_calls) == batch->calls &&
           sum_of(&frame.batch, gap_calls_of) == told + calls_untold;
}

/* Reads the batch behind the mark and makes its frame. False: none, or no memory for it. */
static bool read_spooled(struct lane *lane, struct spool_mark *mark) {
    struct segment_batch batch;
    const struct spool_mark before = *mark;
    if (!spool_read(lane->spool, mark, &lane->items, &batch)) {
        return false;
    }
    uint64_t more = untold(lane, &batch, &before, mark);
    enum err err = frame_spooled(lane, &batch, mark, more);
    if (err == ERR_MEMORY) {
        return false;
    }
    if (err != ERR_OK || !is_sendable(lane, &batch, more)) {
        spool_refuse(mark, &batch);
        buf_clear(&lane->items);
        more = untold(lane, &batch, &before, mark);
        err = frame_spooled(lane, &batch, mark, more);
    }
    if (mark->lost > before.lost) {
        keysets_define_again(lane->source.keysets); /* what is lost may have defined them */
    }
    return err == ERR_OK;
}

/* From the mark to before batch seq, which is in the spool. */
static bool walk_to(struct lane *lane, uint64_t seq, struct spool_mark *mark) {
    if (mark->seq > seq || mark->seq <= acked_seq(lane)) {
        *mark = spool_start(lane->spool);
    }
    while (mark->seq < seq) {
        if (!read_spooled(lane, mark)) {
            return false;
        }
    }
    return mark->seq == seq;
}

/* Reads the next batch of the spool, unless that is done. */
static bool make_ready(struct lane *lane, uint64_t seq) {
    struct spool_mark mark = lane->mark;
    if (lane->ready.seq == seq) {
        return true;
    }
    lane->ready.seq = 0;
    if (!walk_to(lane, seq, &mark) || !read_spooled(lane, &mark)) {
        return false;
    }
    lane->ready = (struct lane_ready){.seq = seq, .bytes = lane->frame.len, .behind = mark};
    return true;
}

/* Sending */

static struct batcher_range range_of(const struct lane *lane, const struct ringfile_batch *batch) {
    const bool tells = lane->id == WIRE_LANE_METRICS && batch->gap.calls > 0;
    return (struct batcher_range){.seq = batch->seq,
                                  .start = batch->start,
                                  .end = batch->end,
                                  .gap = tells ? &batch->gap : NULL};
}

bool lane_next(struct lane *lane, uint64_t *out_bytes) {
    const uint64_t seq = lane->sent_seq + 1;
    if (lane->held || seq >= next_seq(lane) || lane->sent_seq - acked_seq(lane) >= lane->window) {
        return false;
    }
    if (seq > spooled_seq(lane)) {
        *out_bytes = slot(lane, seq)->bytes;
        return true;
    }
    if (!make_ready(lane, seq)) {
        return false;
    }
    *out_bytes = lane->ready.bytes;
    return true;
}

enum err lane_build(struct lane *lane, struct batcher *batcher, struct str *out_frame) {
    const uint64_t seq = lane->sent_seq + 1;
    if (seq <= spooled_seq(lane)) {
        *out_frame = (struct str){.ptr = (const char *)lane->frame.ptr, .len = lane->frame.len};
        return ERR_OK;
    }
    const struct ringfile_batch *batch = slot(lane, seq);
    const struct batcher_range range = range_of(lane, batch);
    const struct wire_batch head = head_of(lane, seq, batch->emitted, batch->dropped + lost(lane));
    return batcher_build(batcher, &lane->source, &range, &head, out_frame);
}

void lane_sent(struct lane *lane) {
    const uint64_t seq = ++lane->sent_seq;
    const size_t i = seq % RINGFILE_BATCH_SLOTS;
    lane->sent_marks[i].seq = 0;
    lane->sent_bytes[i] = slot(lane, seq)->bytes;
    if (seq <= spooled_seq(lane)) {
        lane->mark = lane->ready.behind;
        lane->sent_marks[i] = lane->mark;
        lane->sent_bytes[i] = lane->ready.bytes;
    }
}

/* Acknowledgements */

static void note_acked(struct lane *lane, uint64_t seq, uint64_t calls, uint64_t dropped_then) {
    atomic_store_explicit(&lane->file->acked_calls, calls, memory_order_relaxed);
    atomic_store_explicit(&lane->file->acked_dropped, dropped_then, memory_order_relaxed);
    atomic_store_explicit(&lane->file->acked_seq, seq, memory_order_release);
}

static void release_ring(struct lane *lane, uint64_t seq) {
    const struct ringfile_batch *batch = slot(lane, seq);
    note_acked(lane, seq, batch->calls_before + batch->calls - lost(lane), batch->dropped);
    ring_release(lane->source.ring, batch->end);
}

static bool release_spool(struct lane *lane, uint64_t seq) {
    struct spool_mark mark = lane->sent_marks[seq % RINGFILE_BATCH_SLOTS];
    if (mark.seq != seq + 1) {
        mark = spool_start(lane->spool);
        lane->ready.seq = 0; /* its frame makes room for those on the way */
        if (!walk_to(lane, seq + 1, &mark)) {
            return false;
        }
    }
    if (lane->mark.seq < mark.seq) {
        lane->mark = mark;
    }
    atomic_store_explicit(&lane->file->lost_calls, mark.lost, memory_order_relaxed);
    note_acked(lane, seq, mark.calls - mark.lost, mark.dropped);
    spool_acknowledge(lane->spool, &mark);
    return true;
}

bool lane_acknowledge(struct lane *lane, uint64_t last_seq) {
    const uint64_t before = acked_seq(lane);
    uint64_t last = last_seq + lane->file->seq_base;
    if (lane->ends && last >= next_seq(lane)) {
        last = next_seq(lane) - 1;
    }
    if (last >= next_seq(lane) || last <= before) {
        return false;
    }
    const uint64_t spooled = spooled_seq(lane) < last ? spooled_seq(lane) : last;
    if (spooled > before && !release_spool(lane, spooled)) {
        return false;
    }
    for (uint64_t seq = acked_seq(lane) + 1; seq <= last; seq++) {
        release_ring(lane, seq);
    }
    lane->nacked = false;
    lane->hold_ns = 0;
    if (lane->sent_seq < last) {
        lane->sent_seq = last;
    }
    return true;
}

void lane_rewind(struct lane *lane) {
    lane->sent_seq = acked_seq(lane);
    lane->nacked = false;
}

void lane_nack(struct lane *lane, uint64_t last_seq) {
    lane->nacked = last_seq + lane->file->seq_base == acked_seq(lane);
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

/* The calls that batches of the ring tell as dropped are told by those that are cut in their place.
 */
static void take_back_gaps(struct lane *lane) {
    for (uint64_t seq = released_seq(lane) + 1; seq < next_seq(lane); seq++) {
        if (slot(lane, seq)->gap.calls > 0) {
            gap_keep(&lane->source.ring->shared->gap, &slot(lane, seq)->gap.span);
        }
    }
    lane->told_dropped = dropped_through(lane, released_seq(lane));
}

/* Batches of the ring are cut anew: the collector has seen none of them under the new id. */
void lane_restart(struct lane *lane, const struct wire_id *producer) {
    lane->producer = *producer;
    lane->ready.seq = 0;
    take_back_gaps(lane);
    atomic_store_explicit(&lane->file->next_seq, released_seq(lane) + 1, memory_order_release);
    lane->file->seq_base = acked_seq(lane);
    lane->file->base_calls = atomic_load(&lane->file->acked_calls);
    lane->file->base_dropped =
        atomic_load(&lane->file->acked_dropped) + atomic_load(&lane->file->lost_calls);
    lane->cut_at = atomic_load_explicit(&lane->source.ring->shared->tail, memory_order_relaxed);
    lane->waiting_since_ns = 0;
    lane_rewind(lane);
}

bool lane_agrees(const struct lane *lane, uint64_t last_seq) {
    const uint64_t last = last_seq + lane->file->seq_base;
    return last >= acked_seq(lane) && (last < next_seq(lane) || lane->ends);
}

bool lane_in_flight(const struct lane *lane) {
    return lane->sent_seq > acked_seq(lane);
}

uint64_t lane_bytes_in_flight(const struct lane *lane) {
    uint64_t bytes = 0;
    for (uint64_t seq = acked_seq(lane) + 1; seq <= lane->sent_seq; seq++) {
        bytes += lane->sent_bytes[seq % RINGFILE_BATCH_SLOTS];
    }
    return bytes;
}

bool lane_is_released(const struct lane *lane) {
    struct ring_record record;
    return released_seq(lane) + 1 == next_seq(lane) && dropped(lane) == lane->told_dropped &&
           !ring_read(lane->source.ring, lane->cut_at, &record);
}

bool lane_is_empty(const struct lane *lane) {
    return acked_seq(lane) == released_seq(lane) && lane_is_released(lane);
}

/* Spooling */

void lane_label(const struct lane *lane, struct segment_label *out) {
    out->seq_base = acked_seq(lane);
    out->calls_base = atomic_load_explicit(&lane->file->acked_calls, memory_order_relaxed);
    out->lost = atomic_load_explicit(&lane->file->lost_calls, memory_order_relaxed);
    out->dropped_base =
        out->lost + atomic_load_explicit(&lane->file->acked_dropped, memory_order_relaxed);
}

/* The spool has the batch: the mark says so before the ring forgets it. */
static void note_spooled(struct lane *lane, const struct ringfile_batch *batch) {
    lane->file->spooled[batch->seq % 2] = *batch;
    atomic_store_explicit(&lane->file->spooled_seq, batch->seq, memory_order_release);
    ring_release(lane->source.ring, batch->end);
}

enum err lane_spool(struct lane *lane, struct batcher *batcher, struct why *why) {
    const uint64_t seq = released_seq(lane) + 1;
    if (seq == next_seq(lane) && !cut_one(lane, batcher, 0, true)) {
        return ERR_NOT_FOUND;
    }
    const struct ringfile_batch *batch = slot(lane, seq);
    const struct batcher_range range = range_of(lane, batch);
    struct segment_batch spooled = {.seq = seq,
                                    .emitted = batch->emitted,
                                    .dropped = batch->dropped,
                                    .dropped_before = batch->dropped - batch->gap.calls,
                                    .calls_before = batch->calls_before,
                                    .calls = (uint32_t)batch->calls};
    struct str items;
    enum err err = batcher_build_items(batcher, &lane->source, &range, &items, &spooled.items);
    if (err != ERR_OK) {
        return why_set(why, err, "a batch cannot be built: %s", err_text(err));
    }
    err = spool_append(lane->spool, &spooled, items, why);
    if (err == ERR_OK) {
        note_spooled(lane, batch);
    }
    return err;
}
