/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spark.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"

static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
#define BLOCKS (sizeof blocks / sizeof *blocks)

struct points {
    int n;
    bool known[SPARK_POINTS_MAX];
    double values[SPARK_POINTS_MAX];
    double low, high; /* of the finite ones */
};

static void read_points(const char *array, struct points *out) {
    char text[ARRAY_NUMBER_BYTES];
    *out = (struct points){.low = INFINITY, .high = -INFINITY};
    while (array != NULL && out->n < SPARK_POINTS_MAX && array_next(&array, text)) {
        const double value = strtod(text, NULL);
        out->known[out->n] = text[0] != '\0';
        out->values[out->n++] = value;
        if (text[0] != '\0' && isfinite(value)) {
            out->low = fmin(out->low, value);
            out->high = fmax(out->high, value);
        }
    }
}

static const char *block_of(const struct points *points, int i) {
    if (!points->known[i]) {
        return " ";
    }
    if (!isfinite(points->values[i])) {
        return "x";
    }
    /* Halves: the distance of the two ends may be more than a double holds. */
    const double spread = points->high / 2 - points->low / 2;
    const double place = spread > 0 ? (points->values[i] / 2 - points->low / 2) / spread : 0.5;
    const size_t highest = BLOCKS - 1;
    return blocks[(size_t)(place * (double)highest + 0.5)];
}

void spark_text(const char *array, char out[SPARK_BYTES]) {
    struct points points;
    size_t len = 0;
    read_points(array, &points);
    out[0] = '\0';
    for (int i = 0; i < points.n; i++) {
        len += (size_t)snprintf(out + len, SPARK_BYTES - len, "%s", block_of(&points, i));
    }
}
