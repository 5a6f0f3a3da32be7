/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/roster.h"

#include <stdlib.h>
#include <uthash.h>

struct entry {
    struct producer producer; /* first: a producer is its entry */
    UT_hash_handle hh; /* uthash keeps the order of adding: the first is unused for longest */
};

struct roster {
    struct entry *entries;
    size_t n;
    size_t max;
    size_t max_state_bytes;
    size_t state_bytes;
};

static struct entry *entry_of(const struct producer *producer) {
    return (struct entry *)(uintptr_t)(const void *)producer;
}

struct roster *roster_new(size_t max, size_t max_state_bytes) {
    struct roster *roster = calloc(1, sizeof *roster);
    if (!roster) {
        abort();
    }
    roster->max = max;
    roster->max_state_bytes = max_state_bytes;
    return roster;
}

void roster_free(struct roster *roster) {
    if (!roster) {
        return;
    }
    struct entry *entry = roster->entries;
    HASH_CLEAR(hh, roster->entries);
    while (entry) {
        struct entry *next = entry->hh.next;
        run_state_free(entry->producer.state);
        free(entry);
        entry = next;
    }
    free(roster);
}

size_t roster_n(const struct roster *roster) {
    return roster->n;
}

struct producer *roster_find(const struct roster *roster, const struct wire_id *id) {
    struct entry *entry = NULL;
    HASH_FIND(hh, roster->entries, id, sizeof *id, entry);
    return entry ? &entry->producer : NULL;
}

static void append(struct roster *roster, struct entry *entry) {
    HASH_ADD(hh, roster->entries, producer.id, sizeof entry->producer.id, entry);
}

struct producer *roster_add(struct roster *roster, const struct wire_id *id) {
    struct producer *known = roster_find(roster, id);
    if (known) {
        return known;
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        abort();
    }
    entry->producer.id = *id;
    append(roster, entry);
    roster->n++;
    return &entry->producer;
}

void roster_remove(struct roster *roster, struct producer *producer) {
    struct entry *entry = entry_of(producer);
    roster_set_state(roster, producer, NULL);
    /* The analyzer, with roster_trim()'s loop in mind, believes in a first element that has a
     * predecessor. */
    HASH_DEL(roster->entries, entry); /* NOLINT(clang-analyzer-*) */
    roster->n--;
    free(entry);
}

void roster_touch(struct roster *roster, struct producer *producer) {
    struct entry *entry = entry_of(producer);
    HASH_DEL(roster->entries, entry);
    append(roster, entry);
}

void roster_set_state(struct roster *roster, struct producer *producer, struct run_state *state) {
    if (producer->state) {
        roster->state_bytes -= run_state_bytes(producer->state);
        run_state_free(producer->state);
    }
    producer->state = state;
    if (state) {
        roster->state_bytes += run_state_bytes(state);
    }
}

void roster_account(struct roster *roster, const struct producer *producer, size_t bytes_before) {
    roster->state_bytes += run_state_bytes(producer->state) - bytes_before;
}

size_t roster_state_bytes(const struct roster *roster) {
    return roster->state_bytes;
}

void roster_trim(struct roster *roster) {
    struct entry *next = roster->entries;
    while (next && (roster->n > roster->max || roster->state_bytes > roster->max_state_bytes)) {
        struct producer *producer = &next->producer;
        next = next->hh.next;
        if (producer->state_dirty) {
            continue;
        }
        if (roster->n > roster->max) {
            roster_remove(roster, producer);
        } else {
            roster_set_state(roster, producer, NULL);
        }
    }
}

struct producer *roster_next(const struct roster *roster, const struct producer *previous) {
    const struct entry *next = previous ? entry_of(previous)->hh.next : roster->entries;
    return next ? &entry_of(&next->producer)->producer : NULL;
}
