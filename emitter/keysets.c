/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/keysets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * KEYSETS_MAX) /* open addressing at most half full */

struct keysets {
    pthread_mutex_t lock; /* writers only */
    struct keysets_area *area;
    _Atomic uint32_t slots[SLOTS]; /* handle + 1; 0 is empty */
};

struct keysets *keysets_new(struct keysets_area *area) {
    struct keysets *keysets = calloc(1, sizeof *keysets);
    if (keysets != NULL) {
        pthread_mutex_init(&keysets->lock, NULL);
        keysets->area = area;
    }
    return keysets;
}

void keysets_free(struct keysets *keysets) {
    if (keysets != NULL) {
        pthread_mutex_destroy(&keysets->lock);
        free(keysets);
    }
}

const struct keysets_entry *keysets_get(const struct keysets *keysets, uint32_t handle) {
    const uint32_t n = atomic_load_explicit(&keysets->area->n, memory_order_acquire);
    return handle < n ? &keysets->area->table[handle] : NULL;
}

/* The slot that holds the id, or the empty one where it would go. */
static uint32_t slot_of(const struct keysets *keysets, uint64_t id) {
    uint32_t slot = (uint32_t)(id % SLOTS);
    for (;;) {
        const uint32_t held = atomic_load_explicit(&keysets->slots[slot], memory_order_acquire);
        if (held == 0 || keysets->area->table[held - 1].id == id) {
            return slot;
        }
        slot = (slot + 1) % SLOTS;
    }
}

bool keysets_find(const struct keysets *keysets, uint64_t id, uint32_t *out_handle) {
    const uint32_t held =
        atomic_load_explicit(&keysets->slots[slot_of(keysets, id)], memory_order_acquire);
    if (held == 0) {
        return false;
    }
    *out_handle = held - 1;
    return true;
}

uint64_t keysets_id(enum wire_series kind, size_t n, const char *const *names) {
    uint64_t id = wire_keyset_id_begin(kind);
    for (size_t i = 0; i < n; i++) {
        id = wire_keyset_id_add(id, str_of(names[i]));
    }
    return id;
}

static size_t packed_bytes(size_t n, const char *const *names) {
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += 1 + strlen(names[i]);
    }
    return bytes;
}

static void pack_names(size_t n, const char *const *names, uint8_t *at) {
    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(names[i]);
        *at = (uint8_t)len;
        memcpy(at + 1, names[i], len);
        at += 1 + len;
    }
}

static enum err append(struct keysets *keysets, struct keysets_entry entry,
                       const char *const *names, uint32_t *out_handle) {
    struct keysets_area *area = keysets->area;
    const uint32_t n = atomic_load_explicit(&area->n, memory_order_relaxed);
    if (n == KEYSETS_MAX || entry.names_bytes > KEYSETS_NAMES_BYTES - area->names_bytes) {
        return ERR_TOO_LONG;
    }
    entry.names_at = area->names_bytes;
    pack_names(entry.columns, names, area->names + entry.names_at);
    area->names_bytes += entry.names_bytes;
    area->table[n] = entry;
    atomic_store_explicit(&area->n, n + 1, memory_order_release);
    atomic_store_explicit(&keysets->slots[slot_of(keysets, entry.id)], n + 1, memory_order_release);
    *out_handle = n;
    return ERR_OK;
}

enum err keysets_add(struct keysets *keysets, enum wire_series kind, size_t n,
                     const char *const *names, uint32_t *out_handle) {
    const struct keysets_entry entry = {.id = keysets_id(kind, n, names),
                                        .columns = (uint32_t)n,
                                        .kind = kind,
                                        .names_bytes = (uint32_t)packed_bytes(n, names)};
    pthread_mutex_lock(&keysets->lock);
    /* Another thread may have been faster. */
    const enum err err = keysets_find(keysets, entry.id, out_handle)
                             ? ERR_OK
                             : append(keysets, entry, names, out_handle);
    pthread_mutex_unlock(&keysets->lock);
    return err;
}

void keysets_names(const struct keysets *keysets, const struct keysets_entry *entry,
                   struct str *out) {
    const uint8_t *at = keysets->area->names + entry->names_at;
    for (uint32_t i = 0; i < entry->columns; i++) {
        out[i] = (struct str){.ptr = (const char *)at + 1, .len = *at};
        at += 1 + *at;
    }
}

void keysets_define(struct keysets *keysets, uint32_t handle, uint64_t seq) {
    keysets->area->table[handle].first_seq = seq;
}

void keysets_define_again(struct keysets *keysets) {
    const uint32_t n = atomic_load_explicit(&keysets->area->n, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        keysets->area->table[i].first_seq = 0;
    }
}
