/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/ringcheck.h"

#include <string.h>

#include "emitter/records.h"

static bool is_keyset(const struct keysets_area *area, const struct keysets_entry *entry) {
    if (entry->columns == 0 || entry->columns > WIRE_KEYSET_COLUMNS_MAX ||
        entry->kind > WIRE_SERIES_SYSTEM || entry->names_bytes > KEYSETS_NAMES_BYTES ||
        entry->names_at > KEYSETS_NAMES_BYTES - entry->names_bytes) {
        return false;
    }
    const uint8_t *at = area->names + entry->names_at;
    const uint8_t *end = at + entry->names_bytes;
    uint64_t id = wire_keyset_id_begin((enum wire_series)entry->kind);
    for (uint32_t i = 0; i < entry->columns; i++) {
        if (at >= end || *at == 0 || *at >= end - at) {
            return false;
        }
        const struct str name = {.ptr = (const char *)at + 1, .len = *at};
        if (!str_is_text(name)) {
            return false;
        }
        id = wire_keyset_id_add(id, name);
        at += 1 + name.len;
    }
    return at == end && id == entry->id;
}

bool ringcheck_keysets(const struct keysets_area *area) {
    const uint32_t n = atomic_load(&area->n);
    bool good = n <= KEYSETS_MAX && area->names_bytes <= KEYSETS_NAMES_BYTES;
    for (uint32_t i = 0; good && i < n; i++) {
        good = is_keyset(area, &area->table[i]);
    }
    return good;
}

static bool is_call(const struct keysets_area *keysets, const struct ring_record *record) {
    const uint8_t *values;
    if (record->len < sizeof(struct records_call)) {
        return false;
    }
    const struct records_call call = records_read_call(record, &values);
    return call.keyset < atomic_load(&keysets->n) &&
           call.columns == keysets->table[call.keyset].columns &&
           record->len == sizeof call + 8 * (uint64_t)call.columns;
}

static bool is_text(struct str text, size_t min_bytes, size_t max_bytes) {
    return text.len >= min_bytes && text.len <= max_bytes && str_is_text(text);
}

static bool is_alert(const struct keysets_area *keysets, const struct ring_record *record) {
    (void)keysets;
    if (!records_is_alert(record)) {
        return false;
    }
    const struct wire_alert alert = records_read_alert(record);
    return (unsigned)alert.level <= WIRE_LEVEL_ERROR && alert.time_ns > 0 &&
           is_text(alert.title, 1, WIRE_TITLE_BYTES_MAX) &&
           is_text(alert.text, 0, WIRE_TEXT_BYTES_MAX) &&
           is_text(alert.webhook_url, 0, WIRE_URL_BYTES_MAX);
}

static bool is_finish(const struct keysets_area *keysets, const struct ring_record *record) {
    (void)keysets;
    if (record->len != sizeof(struct wire_finish)) {
        return false;
    }
    const struct wire_finish finish = records_read_finish(record);
    return (unsigned)finish.ending <= WIRE_ENDING_FAILED && finish.time_ns > 0;
}

static bool is_config(const struct keysets_area *keysets, const struct ring_record *record) {
    (void)keysets;
    return is_text(records_read_config(record), 1, WIRE_CONFIG_BYTES_MAX);
}

static const struct {
    enum wire_lane lane;
    bool (*is_good)(const struct keysets_area *keysets, const struct ring_record *record);
} kinds[] = {
    [RING_CALL] = {WIRE_LANE_METRICS, is_call},
    [RING_ALERT] = {WIRE_LANE_EVENTS, is_alert},
    [RING_FINISH] = {WIRE_LANE_EVENTS, is_finish},
    [RING_CONFIG] = {WIRE_LANE_EVENTS, is_config},
};

static bool is_record(const struct ringfile *file, enum wire_lane lane,
                      const struct ring_record *record) {
    const size_t kind = (size_t)record->kind;
    return kind < sizeof kinds / sizeof kinds[0] && kinds[kind].is_good != NULL &&
           kinds[kind].lane == lane && kinds[kind].is_good(file->keysets, record);
}

static bool is_gap(const struct ringfile_batch *batch) {
    return batch->gap.calls <= batch->dropped &&
           (batch->gap.calls == 0 || wire_span_is_valid(&batch->gap.span));
}

/* The batches between what is released and next_seq follow each other and lie in the ring. */
static bool are_batches(const struct ringfile_lane *lane, uint64_t released, uint64_t next,
                        uint64_t head) {
    uint64_t at = atomic_load(&lane->shared.tail);
    uint64_t dropped = 0;
    for (uint64_t seq = released + 1; seq < next; seq++) {
        const struct ringfile_batch *batch = &lane->batches[seq % RINGFILE_BATCH_SLOTS];
        if (batch->seq != seq || batch->start < at || batch->end < batch->start ||
            batch->end > head || batch->calls > batch->emitted || batch->emitted > INT64_MAX ||
            batch->dropped > batch->emitted || batch->calls_before > INT64_MAX || !is_gap(batch) ||
            batch->dropped - batch->gap.calls < dropped) {
            return false;
        }
        at = batch->end;
        dropped = batch->dropped;
    }
    return dropped <= atomic_load(&lane->shared.dropped);
}

static bool is_spooled_batch(const struct ringfile_batch *batch, uint64_t seq) {
    return batch->seq == seq && is_gap(batch);
}

static bool are_marks(const struct ringfile_lane *lane) {
    const uint64_t acked = atomic_load(&lane->acked_seq);
    const uint64_t spooled = atomic_load(&lane->spooled_seq);
    const uint64_t next = atomic_load(&lane->next_seq);
    const uint64_t released = spooled > acked ? spooled : acked;
    const uint64_t head = atomic_load(&lane->shared.head);
    const uint64_t tail = atomic_load(&lane->shared.tail);
    return next >= 1 && next <= INT64_MAX && released < next &&
           next - released <= RINGFILE_BATCH_SLOTS && lane->seq_base <= acked && tail <= head &&
           head - tail <= lane->ring_bytes && head <= INT64_MAX &&
           atomic_load(&lane->shared.emitted) <= INT64_MAX &&
           atomic_load(&lane->shared.dropped) <= INT64_MAX &&
           atomic_load(&lane->acked_calls) <= INT64_MAX &&
           atomic_load(&lane->acked_dropped) <= INT64_MAX &&
           atomic_load(&lane->lost_calls) <= INT64_MAX && lane->base_calls <= INT64_MAX &&
           lane->base_dropped <= INT64_MAX &&
           (spooled <= acked || is_spooled_batch(&lane->spooled[spooled % 2], spooled)) &&
           are_batches(lane, released, next, head);
}

/* Calls of the batches that were cut. */
static uint64_t calls_cut(const struct ringfile_lane *lane) {
    const uint64_t last = atomic_load(&lane->next_seq) - 1;
    const struct ringfile_batch *batch = &lane->batches[last % RINGFILE_BATCH_SLOTS];
    return last > 0 && batch->seq == last ? batch->calls_before + batch->calls : 0;
}

bool ringcheck_lane(struct ringfile *file, enum wire_lane id) {
    struct ringfile_lane *lane = &file->header->lanes[id];
    struct ring *ring = &file->rings[id];
    struct ring_record record;
    const bool is_spooled = atomic_load(&lane->spooled_seq) > atomic_load(&lane->acked_seq);
    if (!are_marks(lane) || (is_spooled && file->texts->spool_dir[0] == '\0') || !ring_heal(ring) ||
        !gap_heal(&lane->shared.gap)) {
        return false;
    }
    const uint64_t cut_at = ringfile_cut_at(lane);
    uint64_t calls = calls_cut(lane);
    for (uint64_t at = atomic_load(&lane->shared.tail); ring_read(ring, at, &record);
         at = record.next) {
        if (!is_record(file, id, &record)) {
            return false;
        }
        calls += record.next > cut_at;
    }
    const uint64_t emitted = atomic_load(&lane->shared.emitted);
    if (calls > emitted) {
        return false;
    }
    if (emitted - calls > atomic_load(&lane->shared.dropped)) {
        atomic_store(&lane->shared.dropped, emitted - calls);
    }
    return true;
}
