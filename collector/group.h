/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_GROUP_H
#define COLLECTOR_GROUP_H

/* The batches of one transaction, by stream. A stream is one lane of one producer; its batches in
 * a group follow on what PostgreSQL has, without a hole: prior, prior + 1 ... last.
 *
 *     group.streams[0] -> message -> message -> NULL
 *     group.streams[1] -> message -> NULL            sorted by run, producer, lane
 *
 * Borrows the messages and links them by their next. Writer thread only; pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/message.h"
#include "collector/roster.h"

struct group_stream {
    struct producer *producer;
    enum wire_lane lane;
    uint64_t prior;   /* last_seq in PostgreSQL before this group */
    uint64_t last;    /* last_seq after it */
    uint64_t emitted; /* the producer's totals as of its last batch here */
    uint64_t dropped;
    uint64_t calls; /* in this group */
    bool ends;      /* a finish is in it */
    struct message *first;
    struct message **end;
};

struct group {
    struct group_stream *streams;
    size_t n;
    size_t cap;
    uint64_t batches;
    uint64_t calls;
    uint64_t points;
    uint64_t alerts;
    uint64_t gaps; /* records of calls that never came */
};

enum group_verdict {
    GROUP_ADDED,
    GROUP_DUPLICATE, /* PostgreSQL has it */
    GROUP_GAP,       /* one before it is missing */
    GROUP_UNKNOWN,   /* its producer is not on the roster */
};

void group_init(struct group *group);
void group_fini(struct group *group);
/* Empties the group and takes its producers' slots back. */
void group_clear(struct group *group);
enum group_verdict group_add(struct group *group, const struct roster *roster,
                             struct message *message);
/* Sorts the streams: every transaction takes its row locks in the same order, or two collectors
 * would deadlock. No group_add() may follow. */
void group_seal(struct group *group);

#endif
