/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_KEYSETS_H
#define EMITTER_KEYSETS_H

/* The keysets of a run: a handle (small number) per distinct list of names. Readers (every log
 * call) take no lock; a new keyset takes one. A keyset is never removed. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

#define KEYSETS_MAX 16384

struct keysets;

struct keyset {
    uint64_t id; /* wire_keyset_id(); two lists with the same id are the same keyset */
    uint32_t columns;
};

struct keysets *keysets_new(void); /* NULL: out of memory */
void keysets_free(struct keysets *keysets);

/* Any thread. False if no such handle was given out. */
bool keysets_get(const struct keysets *keysets, uint32_t handle, struct keyset *out);
/* Any thread. False if the id is new. */
bool keysets_find(const struct keysets *keysets, uint64_t id, uint32_t *out_handle);

/* Any thread; serialised inside. Calls announce() once for a new id, before anybody can see its
 * handle, so that the keyset's definition precedes every call in the ring. If announce() fails
 * nothing is added and its error is returned. ERR_TOO_LONG: more than KEYSETS_MAX. */
typedef enum err keysets_announce_fn(void *context);
enum err keysets_add(struct keysets *keysets, struct keyset keyset, keysets_announce_fn *announce,
                     void *context, uint32_t *out_handle) ERR_MUST_CHECK;

#endif
