/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_sets.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 8192U /* a power of two, twice IMPORT_SETS_MAX at least */
_Static_assert(SLOTS >= 2 * IMPORT_SETS_MAX, "a free slot is always near");

struct import_sets {
    uint32_t n;
    size_t bytes;
    struct import_set slots[SLOTS]; /* by id; an id of 0 is a free one */
};

struct import_sets *import_sets_new(void) {
    struct import_sets *sets = calloc(1, sizeof *sets);
    if (sets == NULL) {
        abort();
    }
    return sets;
}

void import_sets_free(struct import_sets *sets) {
    free(sets);
}

/* Lists of several names may use half of the room, so that there is some left for single ones. */
static bool has_room(const struct import_sets *sets, size_t n, size_t bytes) {
    const unsigned part = n > 1 ? 2 : 1;
    return n <= WIRE_KEYSET_COLUMNS_MAX && bytes <= WIRE_KEYSET_NAMES_BYTES_MAX &&
           sets->n < IMPORT_SETS_MAX / part && sets->bytes + bytes <= IMPORT_SETS_BYTES_MAX / part;
}

struct import_set *import_sets_get(struct import_sets *sets, enum wire_series kind, size_t n,
                                   const char *const *names) {
    uint64_t id = wire_keyset_id_begin(kind);
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct str name = str_of(names[i]);
        id = wire_keyset_id_add(id, name);
        bytes += name.len + 1; /* as the library stores it */
    }
    id += id == 0; /* one in 2^64 */
    size_t slot = id & (SLOTS - 1);
    while (sets->slots[slot].id != 0 && sets->slots[slot].id != id) {
        slot = (slot + 1) & (SLOTS - 1);
    }
    struct import_set *set = &sets->slots[slot];
    if (set->id == 0) {
        if (!has_room(sets, n, bytes)) {
            return NULL;
        }
        *set = (struct import_set){.id = id, .handle = IMPORT_SETS_UNKNOWN};
        sets->n++;
        sets->bytes += bytes;
    }
    return set;
}
