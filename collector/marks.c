/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/marks.h"

#include <stdlib.h>
#include <uthash.h>

struct lane {
    uint64_t received;
    uint64_t committed;
};

struct entry {
    struct wire_id producer;
    struct peer peer;
    struct marks_owner owner; /* of the latest hello */
    bool welcomed;            /* lanes hold what PostgreSQL said */
    bool hello_pending;       /* the writer has a hello of this producer */
    struct lane lanes[WIRE_LANES];
    UT_hash_handle hh; /* uthash keeps the order of adding: the first is unused for longest */
};

struct marks {
    struct entry *entries;
    size_t n;
    size_t max;
};

struct marks *marks_new(size_t max) {
    struct marks *marks = calloc(1, sizeof *marks);
    if (!marks) {
        abort();
    }
    marks->max = max;
    return marks;
}

static void drop(struct marks *marks, struct entry *entry) {
    HASH_DEL(marks->entries, entry);
    marks->n--;
    free(entry);
}

void marks_free(struct marks *marks) {
    if (!marks) {
        return;
    }
    struct entry *entry = marks->entries;
    HASH_CLEAR(hh, marks->entries);
    while (entry) {
        struct entry *next = entry->hh.next;
        free(entry);
        entry = next;
    }
    free(marks);
}

size_t marks_n(const struct marks *marks) {
    return marks->n;
}

static struct entry *find(const struct marks *marks, const struct wire_id *producer) {
    struct entry *entry = NULL;
    HASH_FIND(hh, marks->entries, producer, sizeof *producer, entry);
    return entry;
}

static void append(struct marks *marks, struct entry *entry) {
    HASH_ADD(hh, marks->entries, producer, sizeof entry->producer, entry);
}

static struct entry *make_entry(struct marks *marks, const struct wire_id *producer) {
    if (marks->n >= marks->max) {
        drop(marks, marks->entries);
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        abort();
    }
    entry->producer = *producer;
    append(marks, entry);
    marks->n++;
    return entry;
}

bool marks_hello(struct marks *marks, const struct wire_id *producer, const struct peer *peer) {
    struct entry *entry = find(marks, producer);
    if (!entry) {
        entry = make_entry(marks, producer);
    }
    entry->peer = *peer;
    const bool forward = !entry->hello_pending;
    entry->hello_pending = true;
    return forward;
}

enum marks_claim marks_claim(const struct marks *marks, const struct wire_id *producer,
                             const struct marks_owner *owner) {
    const struct entry *entry = find(marks, producer);
    if (!entry) {
        return MARKS_CLAIM_GOOD;
    }
    if (entry->owner.key_id != owner->key_id) {
        return entry->owner.key_id != 0 && owner->key_id != 0 ? MARKS_CLAIM_FOREIGN
                                                              : MARKS_CLAIM_STALE;
    }
    return entry->owner.binding == owner->binding ? MARKS_CLAIM_GOOD : MARKS_CLAIM_STALE;
}

void marks_own(struct marks *marks, const struct wire_id *producer,
               const struct marks_owner *owner) {
    struct entry *entry = find(marks, producer);
    if (entry) {
        entry->owner = *owner;
    }
}

void marks_welcome(struct marks *marks, const struct wire_id *producer,
                   const uint64_t last_seq[WIRE_LANES]) {
    struct entry *entry = find(marks, producer);
    if (!entry) {
        return;
    }
    entry->welcomed = true;
    entry->hello_pending = false;
    for (int i = 0; i < WIRE_LANES; i++) {
        struct lane *lane = &entry->lanes[i];
        /* Events and hellos overtake metrics on the way to the writer, so batches may be in flight
         * now; each still gets its own answer. Without any, PostgreSQL is right, whatever we
         * believed: it may have been restored to an earlier day. */
        if (lane->received <= lane->committed || lane->received < last_seq[i]) {
            lane->received = last_seq[i];
        }
        lane->committed = last_seq[i];
    }
}

void marks_forget(struct marks *marks, const struct wire_id *producer) {
    struct entry *entry = find(marks, producer);
    if (entry) {
        drop(marks, entry);
    }
}

static enum marks_verdict judge(struct lane *lane, uint64_t seq) {
    if (seq <= lane->committed) {
        return MARKS_DUPLICATE_COMMITTED;
    }
    if (seq <= lane->received) {
        return MARKS_DUPLICATE_IN_FLIGHT;
    }
    if (seq > lane->received + 1) {
        return MARKS_GAP;
    }
    lane->received = seq;
    return MARKS_NEW;
}

enum marks_verdict marks_check(struct marks *marks, const struct wire_id *producer,
                               enum wire_lane lane, uint64_t seq, uint64_t *out_committed) {
    struct entry *entry = find(marks, producer);
    if (!entry || !entry->welcomed) {
        *out_committed = 0;
        return MARKS_UNKNOWN;
    }
    *out_committed = entry->lanes[lane].committed;
    const enum marks_verdict verdict = judge(&entry->lanes[lane], seq);
    if (verdict == MARKS_NEW) { /* used just now: to the end of the order */
        HASH_DEL(marks->entries, entry);
        append(marks, entry);
    }
    return verdict;
}

void marks_take_back(struct marks *marks, const struct wire_id *producer, enum wire_lane lane,
                     uint64_t seq) {
    struct entry *entry = find(marks, producer);
    if (entry) {
        entry->lanes[lane].received = seq - 1;
    }
}

void marks_commit(struct marks *marks, const struct wire_id *producer, enum wire_lane lane,
                  uint64_t last_seq) {
    struct entry *entry = find(marks, producer);
    if (entry && last_seq > entry->lanes[lane].committed) {
        entry->lanes[lane].committed = last_seq;
        if (entry->lanes[lane].received < last_seq) {
            entry->lanes[lane].received = last_seq; /* another collector got further */
        }
    }
}

void marks_roll_back(struct marks *marks, const struct wire_id *producer, enum wire_lane lane,
                     uint64_t last_seq) {
    struct entry *entry = find(marks, producer);
    if (entry) {
        entry->lanes[lane] = (struct lane){.received = last_seq, .committed = last_seq};
    }
}

const struct peer *marks_peer_of(const struct marks *marks, const struct wire_id *producer) {
    const struct entry *entry = find(marks, producer);
    return entry ? &entry->peer : NULL;
}
