/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/rollup.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH_MAX (UINT64_C(1) << 62) /* fits into PostgreSQL's bigint */

/* The power of two nearest to ROLLUP_CALLS times the mean distance of steps: nearest rather than
 * next, so that a gap here and there changes nothing. */
uint64_t rollup_width(const struct calls *calls) {
    const uint32_t n = calls_n(calls);
    const double steps = (double)calls_step(calls, n - 1) - (double)calls_step(calls, 0) + 1;
    const double wanted = ROLLUP_CALLS * steps / n;
    const double root = 1.4142135623730951; /* between 2^k and 2^(k+1) the middle is 2^k of these */
    uint64_t width = 1;
    while (width < WIDTH_MAX && (double)width * root < wanted) {
        width *= 2;
    }
    return width;
}

uint64_t rollup_wider(uint64_t width) {
    return width > WIDTH_MAX / ROLLUP_CALLS ? WIDTH_MAX : width * ROLLUP_CALLS;
}

/* Rounds down, below zero too. */
static int64_t bucket_of(int64_t step, uint64_t width) {
    const int64_t signed_width = (int64_t)width;
    return step / signed_width - (step % signed_width < 0);
}

/* The number of the first call behind i that lies in another bucket. */
static uint32_t end_of(const struct calls *calls, uint64_t width, uint32_t i) {
    const int64_t bucket = bucket_of(calls_step(calls, i), width);
    while (i < calls_n(calls) && bucket_of(calls_step(calls, i), width) == bucket) {
        i++;
    }
    return i;
}

static struct rollup_bucket bucket_from(const struct calls *calls, uint32_t begin, uint32_t end) {
    struct rollup_bucket bucket = {.first_step = calls_step(calls, begin),
                                   .last_step = calls_step(calls, end - 1),
                                   .first_time_us = calls_time_us(calls, begin),
                                   .last_time_us = calls_time_us(calls, begin),
                                   .calls = (int32_t)(end - begin)};
    for (uint32_t i = begin + 1; i < end; i++) {
        const int64_t time_us = calls_time_us(calls, i);
        bucket.first_time_us = time_us < bucket.first_time_us ? time_us : bucket.first_time_us;
        bucket.last_time_us = time_us > bucket.last_time_us ? time_us : bucket.last_time_us;
    }
    return bucket;
}

static void add_value(struct rollup_values *values, double value, int64_t step) {
    if (!isfinite(value)) {
        values->odd++;
        return;
    }
    values->sum += value;
    if (isnan(values->minimum) || value < values->minimum) {
        values->minimum = value;
        values->minimum_step = step;
    }
    if (isnan(values->maximum) || value > values->maximum) {
        values->maximum = value;
        values->maximum_step = step;
    }
}

static struct rollup_values values_from(const struct calls *calls, uint32_t column, uint32_t begin,
                                        uint32_t end) {
    const int64_t first_step = calls_step(calls, begin);
    struct rollup_values values = {.minimum = NAN,
                                   .maximum = NAN,
                                   .minimum_step = first_step,
                                   .maximum_step = first_step,
                                   .last = calls_value(calls, end - 1, column)};
    for (uint32_t i = begin; i < end; i++) {
        add_value(&values, calls_value(calls, i, column), calls_step(calls, i));
    }
    return values;
}

static uint32_t count_buckets(const struct calls *calls, uint64_t width) {
    uint32_t n = 0;
    uint32_t i = 0;
    do {
        i = end_of(calls, width, i);
        n++;
    } while (i < calls_n(calls));
    return n;
}

void rollup_init(struct rollup *rollup, const struct calls *calls, uint64_t width) {
    const uint32_t columns = calls_columns(calls);
    const uint32_t n = count_buckets(calls, width);
    *rollup = (struct rollup){.width = width, .n = n, .columns = columns};
    rollup->buckets = calloc(n, sizeof *rollup->buckets);
    rollup->values = calloc((size_t)n * columns, sizeof *rollup->values);
    if (rollup->buckets == NULL || rollup->values == NULL) {
        abort();
    }
    uint32_t begin = 0;
    for (uint32_t b = 0; b < n; b++) {
        const uint32_t end = end_of(calls, width, begin);
        rollup->buckets[b] = bucket_from(calls, begin, end);
        for (uint32_t c = 0; c < columns; c++) {
            rollup->values[(size_t)c * n + b] = values_from(calls, c, begin, end);
        }
        begin = end;
    }
}

void rollup_fini(struct rollup *rollup) {
    free(rollup->buckets);
    free(rollup->values);
}
