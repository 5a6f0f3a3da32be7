/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/keysets.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS (2 * KEYSETS_MAX) /* open addressing at most half full */

struct keysets {
    pthread_mutex_t lock; /* writers only */
    _Atomic uint32_t n;
    struct keyset table[KEYSETS_MAX];
    _Atomic uint32_t slots[SLOTS]; /* handle + 1; 0 is empty */
};

struct keysets *keysets_new(void)
{
    struct keysets *keysets = calloc(1, sizeof *keysets);
    if (keysets != NULL) {
        pthread_mutex_init(&keysets->lock, NULL);
    }
    return keysets;
}

void keysets_free(struct keysets *keysets)
{
    if (keysets != NULL) {
        pthread_mutex_destroy(&keysets->lock);
        free(keysets);
    }
}

bool keysets_get(const struct keysets *keysets, uint32_t handle, struct keyset *out)
{
    if (handle >= atomic_load_explicit(&keysets->n, memory_order_acquire)) {
        return false;
    }
    *out = keysets->table[handle];
    return true;
}

/* The slot that holds the id, or the empty one where it would go. */
static uint32_t slot_of(const struct keysets *keysets, uint64_t id)
{
    uint32_t slot = (uint32_t)(id % SLOTS);
    for (;;) {
        const uint32_t held = atomic_load_explicit(&keysets->slots[slot], memory_order_acquire);
        if (held == 0 || keysets->table[held - 1].id == id) {
            return slot;
        }
        slot = (slot + 1) % SLOTS;
    }
}

bool keysets_find(const struct keysets *keysets, uint64_t id, uint32_t *out_handle)
{
    const uint32_t held =
        atomic_load_explicit(&keysets->slots[slot_of(keysets, id)], memory_order_acquire);
    if (held == 0) {
        return false;
    }
    *out_handle = held - 1;
    return true;
}

static enum err add_locked(struct keysets *keysets, struct keyset keyset,
                           keysets_announce_fn *announce, void *context, uint32_t *out_handle)
{
    const uint32_t n = atomic_load_explicit(&keysets->n, memory_order_relaxed);
    if (keysets_find(keysets, keyset.id, out_handle)) {
        return ERR_OK; /* another thread was faster */
    }
    if (n == KEYSETS_MAX) {
        return ERR_TOO_LONG;
    }
    enum err err = announce(context);
    if (err != ERR_OK) {
        return err;
    }
    keysets->table[n] = keyset;
    atomic_store_explicit(&keysets->n, n + 1, memory_order_release);
    atomic_store_explicit(&keysets->slots[slot_of(keysets, keyset.id)], n + 1,
                          memory_order_release);
    *out_handle = n;
    return ERR_OK;
}

enum err keysets_add(struct keysets *keysets, struct keyset keyset, keysets_announce_fn *announce,
                     void *context, uint32_t *out_handle)
{
    pthread_mutex_lock(&keysets->lock);
    enum err err = add_locked(keysets, keyset, announce, context, out_handle);
    pthread_mutex_unlock(&keysets->lock);
    return err;
}
