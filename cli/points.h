/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_POINTS_H
#define CLI_POINTS_H

/* Which of a series' values stand for all of them when there are too many to print. The steps are
 * cut into equal stretches; of each the point with the least and the point with the greatest finite
 * value are chosen, so that no spike is lost, and one point where no value is finite; and the
 * points of the first and of the last step. Of equal values the earliest block's counts, then the
 * lowest rank's.
 *
 * Blocks come in any order, and most need not say the steps of their values: see points_block. This
 * is the one place that knows the rule. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/db/binary.h"

#define POINTS_MIN 4 /* the first, the last and one stretch */
#define POINTS_MAX 100000

#define POINTS_NOWHERE INT64_MIN

/* A chosen value and where it is. */
struct point {
    double value;
    int64_t first_step; /* of its block; one from a roll-up: its own step */
    int32_t rank;
    int32_t attempt;
    int64_t place;     /* of its block; whatever the caller says; POINTS_NOWHERE: from a roll-up */
    uint32_t position; /* in its block, from 1 */
    int64_t time;      /* near this; only of one from a roll-up */
};

struct points_block {
    struct point origin;        /* of its values: value and position do not matter */
    struct binary_array values; /* float8 */
    struct binary_array steps; /* at NULL: all in the stretch of origin.first_step, none of them the
                                  first or the last step of all, and all count */
    struct binary_array times; /* at NULL: all count */
};

/* Values count whose step and time are in here. */
struct points_window {
    int64_t first_step;
    int64_t last_step;
    int64_t first_time; /* in the unit of points_block's times */
    int64_t last_time;
};

/* Into how many stretches the steps are cut at most. */
int64_t points_stretches_of(int64_t max_points);

struct points;

/* At most max_points (POINTS_MIN to POINTS_MAX) for steps from first_step to last_step. */
struct points *points_new(int64_t max_points, int64_t first_step, int64_t last_step);
void points_free(struct points *points); /* NULL is fine */

/* The steps at which the stretches begin. Borrows. */
const int64_t *points_stretches(const struct points *points, size_t *out_n);
void points_add(struct points *points, const struct points_block *block,
                const struct points_window *window);

struct points_rolled { /* of one rank and attempt: values that stand for others */
    int32_t rank;
    int32_t attempt;
    int64_t total; /* values they stand for, themselves included */
    int64_t nonfinite;
    struct binary_array steps;
    struct binary_array values;
    struct binary_array times;
};
void points_add_rolled(struct points *points, const struct points_rolled *rolled);

/* How many values counted so far, and how many of these are NaN or infinite. */
int64_t points_total(const struct points *points);
int64_t points_nonfinite(const struct points *points);
/* Those chosen, each once, at most max_points. Gives: free(). */
struct point *points_choose(const struct points *points, size_t *out_n);

#endif
