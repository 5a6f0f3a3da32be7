/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/claims.h"

#include <stdatomic.h>
#include <string.h>

enum state { STATE_FREE, STATE_CHANGING, STATE_TAKEN };

static struct {
    _Atomic int state;
    struct wire_id stream;
} slots[CLAIMS_MAX];

static bool is_taken_by(size_t i, const struct wire_id *stream) {
    return atomic_load(&slots[i].state) == STATE_TAKEN &&
           memcmp(&slots[i].stream, stream, sizeof *stream) == 0;
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
            slots[i].stream = *stream;
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
