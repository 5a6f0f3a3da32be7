/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/keycache.h"

#include <string.h>

static size_t slot_of(const struct row *row) {
    return (size_t)(row->hash % KEYCACHE_SLOTS);
}

bool keycache_find(const struct keycache *cache, const struct row *row, tocsin_keyset *out_keyset) {
    const struct keycache_entry *entry = &cache->slots[slot_of(row)];
    if (entry->hash != row->hash || entry->n != row->n || row->n == 0 ||
        memcmp(entry->keys, row->keys, ROW_KEYS_BYTES(row->n)) != 0) {
        return false;
    }
    *out_keyset = entry->keyset;
    return true;
}

static void drop(struct keycache_entry *entry) {
    /* A destructor may log: the entry is empty before one can run. */
    PyObject **keys = entry->keys;
    const size_t n = entry->n;
    entry->n = 0;
    entry->keys = NULL;
    for (size_t i = 0; i < n; i++) {
        Py_DECREF(keys[i]);
    }
    PyMem_Free(keys);
}

void keycache_put(struct keycache *cache, const struct row *row, tocsin_keyset keyset) {
    struct keycache_entry *entry = &cache->slots[slot_of(row)];
    drop(entry);
    PyObject **keys = row->n <= KEYCACHE_COLUMNS_MAX ? PyMem_Malloc(ROW_KEYS_BYTES(row->n)) : NULL;
    if (keys == NULL || entry->n != 0) {
        PyMem_Free(keys);
        return;
    }
    memcpy(keys, row->keys, ROW_KEYS_BYTES(row->n));
    for (size_t i = 0; i < row->n; i++) {
        Py_INCREF(keys[i]);
    }
    *entry =
        (struct keycache_entry){.hash = row->hash, .n = row->n, .keys = keys, .keyset = keyset};
}

void keycache_clear(struct keycache *cache) {
    for (size_t i = 0; i < KEYCACHE_SLOTS; i++) {
        drop(&cache->slots[i]);
    }
}
