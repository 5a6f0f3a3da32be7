/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_KEYCACHE_H
#define PYTHON_KEYCACHE_H

/* Finds the keyset of a row by the identities of its keys: a training loop logs the same str
 * objects every time, so no name has to be read. The cache holds references to its keys: an address
 * cannot become another key's. Other keys with the same text give the same keyset, more slowly.
 * Include <Python.h> first. */

#include "emitter/include/tocsin.h"
#include "emitter/python/src/row.h"

#define KEYCACHE_SLOTS       256
#define KEYCACHE_COLUMNS_MAX 256 /* wider rows are not kept */

struct keycache {
    struct keycache_entry {
        uint64_t hash;
        size_t n; /* 0: empty */
        PyObject **keys;
        tocsin_keyset keyset;
    } slots[KEYCACHE_SLOTS];
};

bool keycache_find(const struct keycache *cache, const struct row *row, tocsin_keyset *out_keyset);
/* In place of what was in its slot. Without memory nothing is kept. */
void keycache_put(struct keycache *cache, const struct row *row, tocsin_keyset keyset);
void keycache_clear(struct keycache *cache);

#endif
