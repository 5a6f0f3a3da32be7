/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/calls.h"

#include <stdlib.h>
#include <string.h>

struct call {
    int64_t step;
    int64_t time_us;
    uint32_t place; /* where its values are: the number with which it came */
};

struct calls {
    uint32_t columns;
    uint32_t n;
    uint32_t n_max;
    uint32_t room;
    struct call *calls;
    int64_t *bits; /* columns for each call, in the order in which calls came */
};

static void *need(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

struct calls *calls_new(uint32_t columns) {
    struct calls *calls = need(calloc(1, sizeof *calls));
    calls->columns = columns;
    calls->n_max = (uint32_t)(CALLS_VALUES_MAX / columns);
    return calls;
}

void calls_free(struct calls *calls) {
    if (calls != NULL) {
        free(calls->calls);
        free(calls->bits);
        free(calls);
    }
}

void calls_clear(struct calls *calls) {
    calls->n = 0;
}

static void make_room(struct calls *calls, uint32_t n) {
    if (n <= calls->room) {
        return;
    }
    const uint32_t doubled = calls->room < calls->n_max / 2 ? 2 * calls->room : calls->n_max;
    calls->room = n > doubled ? n : doubled;
    calls->calls = need(realloc(calls->calls, calls->room * sizeof *calls->calls));
    calls->bits =
        need(realloc(calls->bits, (size_t)calls->room * calls->columns * sizeof *calls->bits));
}

bool calls_add(struct calls *calls, const struct binary_array *steps,
               const struct binary_array *times, const struct binary_array *values) {
    const uint32_t n = steps->n;
    if (n == 0 || times->n != n || values->n != (uint64_t)n * calls->columns ||
        n > calls->n_max - calls->n) {
        return false;
    }
    make_room(calls, calls->n + n);
    int64_t *bits = calls->bits + (size_t)calls->n * calls->columns;
    for (uint32_t i = 0; i < n; i++) {
        calls->calls[calls->n + i] = (struct call){
            .step = binary_i64(steps, i), .time_us = binary_i64(times, i), .place = calls->n + i};
        for (uint32_t c = 0; c < calls->columns; c++) {
            bits[(size_t)i * calls->columns + c] = binary_i64(values, c * n + i);
        }
    }
    calls->n += n;
    return true;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare(const void *left, const void *right) {
    const struct call *a = left;
    const struct call *b = right;
    if (a->step != b->step) {
        return ORDER(a->step, b->step);
    }
    return a->time_us != b->time_us ? ORDER(a->time_us, b->time_us) : ORDER(a->place, b->place);
}

void calls_sort(struct calls *calls) {
    uint32_t i = 1;
    while (i < calls->n && compare(&calls->calls[i - 1], &calls->calls[i]) < 0) {
        i++;
    }
    if (i < calls->n) { /* rarely: steps nearly always rise */
        qsort(calls->calls, calls->n, sizeof *calls->calls, compare);
    }
}

uint32_t calls_n(const struct calls *calls) {
    return calls->n;
}

uint32_t calls_columns(const struct calls *calls) {
    return calls->columns;
}

int64_t calls_step(const struct calls *calls, uint32_t i) {
    return calls->calls[i].step;
}

int64_t calls_time_us(const struct calls *calls, uint32_t i) {
    return calls->calls[i].time_us;
}

int64_t calls_bits(const struct calls *calls, uint32_t i, uint32_t column) {
    return calls->bits[(size_t)calls->calls[i].place * calls->columns + column];
}

double calls_value(const struct calls *calls, uint32_t i, uint32_t column) {
    const int64_t bits = calls_bits(calls, i, column);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
