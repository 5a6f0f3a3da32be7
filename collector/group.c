/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/group.h"

#include <stdlib.h>
#include <string.h>

void group_init(struct group *group) {
    *group = (struct group){0};
}

void group_fini(struct group *group) {
    group_clear(group);
    free(group->streams);
    group->streams = NULL;
}

void group_clear(struct group *group) {
    for (size_t i = 0; i < group->n; i++) {
        group->streams[i].producer->slot[group->streams[i].lane] = 0;
    }
    *group = (struct group){.streams = group->streams, .cap = group->cap};
}

static struct group_stream *make_stream(struct group *group, struct producer *producer,
                                        enum wire_lane lane) {
    if (group->n == group->cap) {
        group->cap = group->cap ? group->cap * 2 : 64;
        group->streams = realloc(group->streams, group->cap * sizeof *group->streams);
        if (!group->streams) {
            abort();
        }
    }
    struct group_stream *stream = &group->streams[group->n++];
    *stream = (struct group_stream){.producer = producer,
                                    .lane = lane,
                                    .prior = producer->last_seq[lane],
                                    .last = producer->last_seq[lane]};
    producer->slot[lane] = group->n;
    return stream;
}

struct tally {
    uint64_t calls;
    uint64_t points;
    uint64_t alerts;
    uint64_t gaps;
    bool ends;
};

static struct tally count(const struct wire_batch *batch) {
    struct tally tally = {0};
    struct wire_cursor items = batch->items;
    struct wire_item item;
    while (wire_next_item(&items, &item)) {
        const uint64_t calls = wire_item_calls(&item);
        tally.calls += calls;
        tally.alerts += item.kind == WIRE_ITEM_ALERT;
        tally.ends |= item.kind == WIRE_ITEM_FINISH;
        tally.gaps += item.kind == WIRE_ITEM_GAP;
        if (item.kind == WIRE_ITEM_BLOCK) {
            tally.points += calls * item.block.columns;
        }
    }
    return tally;
}

static enum group_verdict judge(uint64_t seq, uint64_t last) {
    return seq <= last ? GROUP_DUPLICATE : seq > last + 1 ? GROUP_GAP : GROUP_ADDED;
}

enum group_verdict group_add(struct group *group, const struct roster *roster,
                             struct message *message) {
    const struct wire_batch *batch = &message->frame.batch;
    struct producer *producer = roster_find(roster, &batch->producer);
    if (!producer) {
        return GROUP_UNKNOWN;
    }
    const size_t slot = producer->slot[batch->lane];
    const uint64_t last = slot ? group->streams[slot - 1].last : producer->last_seq[batch->lane];
    const enum group_verdict verdict = judge(batch->seq, last);
    if (verdict != GROUP_ADDED) {
        return verdict;
    }
    struct group_stream *stream =
        slot ? &group->streams[slot - 1] : make_stream(group, producer, batch->lane);
    const struct tally tally = count(batch);
    stream->last = batch->seq;
    stream->emitted = batch->emitted;
    stream->dropped = batch->dropped;
    stream->calls += tally.calls;
    stream->ends |= tally.ends;
    message->next = NULL;
    *(slot ? stream->end : &stream->first) = message;
    stream->end = &message->next;
    group->batches++;
    group->calls += tally.calls;
    group->points += tally.points;
    group->alerts += tally.alerts;
    group->gaps += tally.gaps;
    return GROUP_ADDED;
}

static int compare(const void *left, const void *right) {
    const struct group_stream *a = left;
    const struct group_stream *b = right;
    if (a->producer->run_id != b->producer->run_id) {
        return a->producer->run_id < b->producer->run_id ? -1 : 1;
    }
    const int ids = memcmp(&a->producer->id, &b->producer->id, sizeof a->producer->id);
    return ids ? ids : (int)a->lane - (int)b->lane;
}

void group_seal(struct group *group) {
    qsort(group->streams, group->n, sizeof *group->streams, compare);
}
