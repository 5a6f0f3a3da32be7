/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/points.h"

#include <math.h>
#include <stdlib.h>

struct stretch {
    bool finite; /* has least and greatest */
    bool odd;    /* has other, which is not finite */
    struct point least;
    struct point greatest;
    struct point other;
};

struct points {
    int64_t first_step;
    int64_t last_step;
    bool has_first;
    bool has_last;
    struct point first;
    struct point last;
    int64_t total;
    int64_t nonfinite;
    size_t n;
    int64_t *begins;
    struct stretch *stretches;
};

static void *need(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* steps * i / n without a wider type: the first steps % n stretches are one step longer. */
static int64_t begin_of(int64_t first_step, uint64_t steps, size_t n, size_t i) {
    const uint64_t longer = steps % n;
    return (int64_t)((uint64_t)first_step + steps / n * i + (i < longer ? i : longer));
}

int64_t points_stretches_of(int64_t max_points) {
    return (max_points - 2) / 2;
}

struct points *points_new(int64_t max_points, int64_t first_step, int64_t last_step) {
    struct points *points = need(calloc(1, sizeof *points));
    const uint64_t span = (uint64_t)last_step - (uint64_t)first_step;
    const uint64_t steps = span == UINT64_MAX ? span : span + 1;
    const size_t most = (size_t)points_stretches_of(max_points);
    points->first_step = first_step;
    points->last_step = last_step;
    points->n = steps < most ? (size_t)steps : most;
    points->begins = need(calloc(points->n, sizeof *points->begins));
    points->stretches = need(calloc(points->n, sizeof *points->stretches));
    for (size_t i = 0; i < points->n; i++) {
        points->begins[i] = begin_of(first_step, steps, points->n, i);
    }
    return points;
}

void points_free(struct points *points) {
    if (points != NULL) {
        free(points->begins);
        free(points->stretches);
        free(points);
    }
}

const int64_t *points_stretches(const struct points *points, size_t *out_n) {
    *out_n = points->n;
    return points->begins;
}

/* The last stretch that begins at step or before; the first for steps before all. */
static size_t stretch_of(const struct points *points, int64_t step) {
    size_t low = 0;
    size_t high = points->n;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (points->begins[middle] <= step) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_in_stretch(const struct points *points, size_t at, int64_t step) {
    return step >= points->begins[at] && (at + 1 == points->n || step < points->begins[at + 1]);
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* The order of equal values; no two points are equal in it. */
static int compare(const struct point *a, const struct point *b) {
    const int orders[] = {
        ORDER(a->first_step, b->first_step), ORDER(a->rank, b->rank),
        ORDER(a->attempt, b->attempt),       ORDER(a->place, b->place),
        ORDER(a->position, b->position),
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (orders[i] != 0) {
            return orders[i];
        }
    }
    return 0;
}

static int compare_chosen(const void *a, const void *b) {
    return compare(a, b);
}

static struct point point_of(const struct points_block *block, uint32_t i) {
    struct point point = block->origin;
    point.value = binary_f64(&block->values, i);
    point.position = i + 1;
    return point;
}

/* order: of the new value against the one kept; negative: it is better. */
static void keep(struct point *kept, bool any, int order, const struct point *point) {
    if (!any || order < 0 || (order == 0 && compare(point, kept) < 0)) {
        *kept = *point;
    }
}

static void keep_extremes(struct stretch *stretch, const struct point *low,
                          const struct point *high) {
    keep(&stretch->least, stretch->finite, ORDER(low->value, stretch->least.value), low);
    keep(&stretch->greatest, stretch->finite, ORDER(stretch->greatest.value, high->value), high);
    stretch->finite = true;
}

static void keep_other(struct stretch *stretch, const struct point *point) {
    keep(&stretch->other, stretch->odd, 0, point);
    stretch->odd = true;
}

/* Values from begin up to but not including end, all of one stretch. Nearly all of the time passes
 * here. */
static void add_part(struct points *points, struct stretch *stretch,
                     const struct points_block *block, uint32_t begin, uint32_t end) {
    uint32_t least = end; /* end: none yet */
    uint32_t greatest = end;
    double low = INFINITY;
    double high = -INFINITY;
    for (uint32_t i = begin; i < end; i++) {
        const double value = binary_f64(&block->values, i);
        if (!isfinite(value)) {
            const struct point other = point_of(block, i);
            points->nonfinite++;
            keep_other(stretch, &other);
            continue;
        }
        if (value < low) {
            low = value;
            least = i;
        }
        if (value > high) {
            high = value;
            greatest = i;
        }
    }
    if (least != end) {
        const struct point lowest = point_of(block, least);
        const struct point highest = point_of(block, greatest);
        keep_extremes(stretch, &lowest, &highest);
    }
    points->total += end - begin;
}

static bool counts(const struct points_block *block, const struct points_window *window,
                   uint32_t i) {
    const int64_t step = binary_i64(&block->steps, i);
    if (step < window->first_step || step > window->last_step) {
        return false;
    }
    if (block->times.at == NULL) {
        return true;
    }
    const int64_t time = binary_i64(&block->times, i);
    return time >= window->first_time && time <= window->last_time;
}

static void keep_ends(struct points *points, const struct points_block *block, uint32_t i) {
    const int64_t step = binary_i64(&block->steps, i);
    if (step == points->first_step) {
        const struct point point = point_of(block, i);
        keep(&points->first, points->has_first, 0, &point);
        points->has_first = true;
    }
    if (step == points->last_step) {
        const struct point point = point_of(block, i);
        keep(&points->last, points->has_last, 0, &point);
        points->has_last = true;
    }
}

/* Cuts the block into parts that lie in one stretch. */
static void add_with_steps(struct points *points, const struct points_block *block,
                           const struct points_window *window, uint32_t n) {
    uint32_t i = 0;
    while (i < n) {
        if (!counts(block, window, i)) {
            i++;
            continue;
        }
        const uint32_t begin = i;
        const size_t at = stretch_of(points, binary_i64(&block->steps, i));
        while (i < n && counts(block, window, i) &&
               is_in_stretch(points, at, binary_i64(&block->steps, i))) {
            keep_ends(points, block, i);
            i++;
        }
        add_part(points, &points->stretches[at], block, begin, i);
    }
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

void points_add(struct points *points, const struct points_block *block,
                const struct points_window *window) {
    uint32_t n = block->values.n;
    if (block->steps.at == NULL) {
        const size_t at = stretch_of(points, block->origin.first_step);
        add_part(points, &points->stretches[at], block, 0, n);
        return;
    }
    n = smaller(n, block->steps.n);
    if (block->times.at != NULL) {
        n = smaller(n, block->times.n);
    }
    add_with_steps(points, block, window, n);
}

void points_add_rolled(struct points *points, const struct points_rolled *rolled) {
    for (uint32_t i = 0; i < rolled->steps.n; i++) {
        const struct point point = {.value = binary_f64(&rolled->values, i),
                                    .first_step = binary_i64(&rolled->steps, i),
                                    .rank = rolled->rank,
                                    .attempt = rolled->attempt,
                                    .place = POINTS_NOWHERE,
                                    .time = binary_i64(&rolled->times, i)};
        struct stretch *stretch = &points->stretches[stretch_of(points, point.first_step)];
        if (isfinite(point.value)) {
            keep_extremes(stretch, &point, &point);
        } else {
            keep_other(stretch, &point);
        }
    }
    points->total += rolled->total;
    points->nonfinite += rolled->nonfinite;
}

int64_t points_total(const struct points *points) {
    return points->total;
}

int64_t points_nonfinite(const struct points *points) {
    return points->nonfinite;
}

static size_t unique(struct point *chosen, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || compare(&chosen[kept - 1], &chosen[i]) != 0) {
            chosen[kept++] = chosen[i];
        }
    }
    return kept;
}

struct point *points_choose(const struct points *points, size_t *out_n) {
    struct point *chosen = need(calloc(2 * points->n + 2, sizeof *chosen));
    size_t n = 0;
    for (size_t i = 0; i < points->n; i++) {
        const struct stretch *stretch = &points->stretches[i];
        if (stretch->finite) {
            chosen[n++] = stretch->least;
            chosen[n++] = stretch->greatest;
        } else if (stretch->odd) {
            chosen[n++] = stretch->other;
        }
    }
    if (points->has_first) {
        chosen[n++] = points->first;
    }
    if (points->has_last) {
        chosen[n++] = points->last;
    }
    qsort(chosen, n, sizeof *chosen, compare_chosen);
    *out_n = unique(chosen, n);
    return chosen;
}
