/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/claims.h"

#include <stdatomic.h>
#include <string.h>

enum state { STATE_FREE, STATE_CHANGING, STATE_TAKEN };

#define HALVES 2

/* A slot may be given up and taken again while it is read: what is read then is neither stream. */
static struct {
    _Atomic int state;
    _Atomic uint64_t stream[HALVES];
} slots[CLAIMS_MAX];

static uint64_t half(const struct wire_id *stream, size_t i) {
    uint64_t v;
    _Static_assert(sizeof *stream == HALVES * sizeof v, "a stream has two halves");
    memcpy(&v, stream->bytes + i * sizeof v, sizeof v);
    return v;
}

static bool is_taken_by(size_t i, const struct wire_id *stream) {
    bool is_it = atomic_load(&slots[i].state) == STATE_TAKEN;
    for (size_t h = 0; is_it && h < HALVES; h++) {
        is_it = atomic_load(&slots[i].stream[h]) == half(stream, h);
    }
    return is_it;
}

/* Two threads that claim the same stream at once both find it free and then both claims: the one in
 * the lower slot wins, the other gives way. */
static bool is_first(size_t mine, const struct wire_id *stream) {
    for (size_t i = 0; i < mine; i++) {
        if (is_taken_by(i, stream)) {
            return false;
        }
    }
    return true;
}

bool claims_add(const struct wire_id *stream) {
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        if (is_taken_by(i, stream)) {
            return false;
        }
    }
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        int expected = STATE_FREE;
        if (atomic_compare_exchange_strong(&slots[i].state, &expected, STATE_CHANGING)) {
            for (size_t h = 0; h < HALVES; h++) {
                atomic_store(&slots[i].stream[h], half(stream, h));
            }
            atomic_store(&slots[i].state, STATE_TAKEN);
            if (is_first(i, stream)) {
                return true;
            }
            atomic_store(&slots[i].state, STATE_FREE);
            return false;
        }
    }
    return false;
}

void claims_remove(const struct wire_id *stream) {
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        if (is_taken_by(i, stream)) {
            atomic_store(&slots[i].state, STATE_FREE);
            return;
        }
    }
}
