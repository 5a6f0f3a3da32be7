/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/run_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "collector/pgarray.h"

struct entry {
    struct run_state_row row; /* first: a row is its entry */
    UT_hash_handle hh;
};

struct run_state {
    struct entry *entries;
    size_t bytes;
};

struct run_state *run_state_new(void) {
    struct run_state *state = calloc(1, sizeof *state);
    if (!state) {
        abort();
    }
    state->bytes = sizeof *state;
    return state;
}

void run_state_free(struct run_state *state) {
    if (!state) {
        return;
    }
    struct entry *entry = state->entries;
    HASH_CLEAR(hh, state->entries);
    while (entry) {
        struct entry *next = entry->hh.next;
        free(entry);
        entry = next;
    }
    free(state);
}

size_t run_state_bytes(const struct run_state *state) {
    return state->bytes;
}

static struct entry *find(const struct run_state *state, uint64_t keyset_id) {
    struct entry *entry = NULL;
    HASH_FIND(hh, state->entries, &keyset_id, sizeof keyset_id, entry);
    return entry;
}

struct run_state_row *run_state_load(struct run_state *state, uint64_t keyset_id,
                                     uint32_t columns) {
    const size_t bytes = sizeof(struct entry) + (size_t)3 * columns * sizeof(double);
    struct entry *entry = calloc(1, bytes);
    if (!entry) {
        abort();
    }
    struct run_state_row *row = &entry->row;
    row->keyset_id = keyset_id;
    row->columns = columns;
    row->last = (double *)(void *)(entry + 1);
    row->minimum = row->last + columns;
    row->maximum = row->minimum + columns;
    HASH_ADD(hh, state->entries, row.keyset_id, sizeof row->keyset_id, entry);
    state->bytes += bytes;
    return row;
}

static double value_at(const uint8_t *values, size_t i) {
    const uint64_t bits = wire_f64_bits_at(values, i);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static struct run_state_row *make_row(struct run_state *state, const struct wire_block *block) {
    struct run_state_row *row = run_state_load(state, block->keyset_id, block->columns);
    row->first_step = wire_i64_at(block->steps, 0);
    row->last_step = row->first_step;
    for (uint32_t c = 0; c < row->columns; c++) {
        row->minimum[c] = row->maximum[c] = NAN;
    }
    return row;
}

/* The call that decides last: the highest step that is not below the row's, the latest of equals;
 * calls if there is none. Also moves first_step. */
static uint32_t find_last(struct run_state_row *row, const struct wire_block *block) {
    uint32_t latest = block->calls;
    for (uint32_t i = 0; i < block->calls; i++) {
        const int64_t step = wire_i64_at(block->steps, i);
        if (step >= row->last_step) {
            row->last_step = step;
            latest = i;
        }
        if (step < row->first_step) {
            row->first_step = step;
        }
    }
    return latest;
}

static void merge_column(const uint8_t *values, uint32_t n, double *minimum, double *maximum) {
    double low = *minimum;
    double high = *maximum;
    for (uint32_t i = 0; i < n; i++) {
        const double value = value_at(values, i);
        /* Written so that a NaN value changes nothing and any number replaces a NaN. */
        if (value < low || (isnan(low) && !isnan(value))) {
            low = value;
        }
        if (value > high || (isnan(high) && !isnan(value))) {
            high = value;
        }
    }
    *minimum = low;
    *maximum = high;
}

void run_state_merge(struct run_state *state, const struct wire_block *block) {
    struct entry *entry = find(state, block->keyset_id);
    struct run_state_row *row = entry ? &entry->row : make_row(state, block);
    if (row->columns != block->columns) {
        return;
    }
    const uint32_t latest = find_last(row, block);
    if (latest < block->calls) {
        row->last_time_us = pgarray_time_of_ns(wire_i64_at(block->times_ns, latest));
    }
    for (uint32_t c = 0; c < row->columns; c++) {
        const uint8_t *values = block->values + (size_t)c * block->calls * 8;
        merge_column(values, block->calls, &row->minimum[c], &row->maximum[c]);
        if (latest < block->calls) {
            row->last[c] = value_at(values, latest);
        }
    }
    row->calls += block->calls;
    row->dirty = true;
}

struct run_state_row *run_state_next(const struct run_state *state,
                                     const struct run_state_row *previous) {
    if (!previous) {
        return state->entries ? &state->entries->row : NULL;
    }
    const struct entry *entry = (const struct entry *)(const void *)previous;
    return entry->hh.next ? &((struct entry *)entry->hh.next)->row : NULL;
}
