/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_KEYSETS_H
#define EMITTER_KEYSETS_H

/* The keysets of a run: a handle (small number) per distinct list of names. The lists are in the
 * mapped file, so that whoever delivers what a killed process left can define them. Readers (every
 * log call) take no lock; a new keyset takes one. A keyset is never changed or removed.
 *
 * The definition travels in the first batch that has calls of the keyset; which one that was is
 * written here, so a batch that is built again has the same definitions. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

#define KEYSETS_MAX         4096
#define KEYSETS_NAMES_BYTES (1024U * 1024)

struct keysets_entry {
    uint64_t id;        /* wire_keyset_id(); two lists with the same id are the same keyset */
    uint64_t first_seq; /* batch with the definition, 0: none. Courier only. Counts only if that
                           batch was cut: if it is below the lane's next_seq */
    uint32_t columns;
    uint32_t kind;     /* enum wire_series */
    uint32_t names_at; /* in names: a length byte and the bytes of each name */
    uint32_t names_bytes;
};

struct keysets_area { /* lives in the mapped file */
    _Atomic uint32_t n;
    uint32_t names_bytes;
    struct keysets_entry table[KEYSETS_MAX];
    uint8_t names[KEYSETS_NAMES_BYTES];
};

struct keysets;

/* area: zeroed, borrowed for the life of the keysets. NULL: out of memory. */
struct keysets *keysets_new(struct keysets_area *area);
void keysets_free(struct keysets *keysets);

/* Any thread. NULL if no such handle was given out. */
const struct keysets_entry *keysets_get(const struct keysets *keysets, uint32_t handle);
/* Any thread. False if the id is new. */
bool keysets_find(const struct keysets *keysets, uint64_t id, uint32_t *out_handle);
/* Any thread; serialised inside. names[0..n): checked by the caller, copied.
 * ERR_TOO_LONG: more than KEYSETS_MAX keysets or KEYSETS_NAMES_BYTES of names. */
enum err keysets_add(struct keysets *keysets, enum wire_series kind, size_t n,
                     const char *const *names, uint32_t *out_handle) ERR_MUST_CHECK;
uint64_t keysets_id(enum wire_series kind, size_t n, const char *const *names);

/* The names as views into the file; out: room for entry->columns of them. */
void keysets_names(const struct keysets *keysets, const struct keysets_entry *entry,
                   struct str *out);

/* Courier only. */
void keysets_define(struct keysets *keysets, uint32_t handle, uint64_t seq);
/* For a new producer id: nothing has been defined for it. */
void keysets_define_again(struct keysets *keysets);

#endif
