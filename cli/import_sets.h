/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_SETS_H
#define CLI_IMPORT_SETS_H

/* The lists of names that the calls of one run have had so far. A run may have 4,096 of them with
 * 1 MiB of names (docs/emitter.md), and a sparse table could have one a row: so the first half may
 * be lists as they come, and what follows must be lists of one name. The rule depends on nothing
 * but the calls before, so a repeated import divides rows as the first one did. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

#define IMPORT_SETS_MAX       4000U
#define IMPORT_SETS_BYTES_MAX (1000U * 1024)
#define IMPORT_SETS_UNKNOWN   UINT32_MAX

struct import_sets; /* aborts when memory is out */

struct import_set {
    uint64_t id;     /* wire_keyset_id() */
    uint32_t handle; /* tocsin_keyset, IMPORT_SETS_UNKNOWN until the owner knows it */
};

struct import_sets *import_sets_new(void);
void import_sets_free(struct import_sets *sets); /* NULL is fine */
/* The list of these names, which is added if there is room: NULL if not. Borrowed. */
struct import_set *import_sets_get(struct import_sets *sets, enum wire_series kind, size_t n,
                                   const char *const *names);

#endif
