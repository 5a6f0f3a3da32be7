/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/places.h"

#include <stdlib.h>

#include "cli/db.h"
#include "cli/points.h"
#include "cli_sql.h"

#define PARAMS 4

struct block {
    int64_t place;
    int64_t first_step;
    int64_t last_step;
    int32_t rank;
    int32_t attempt;
};

struct places {
    size_t n;
    size_t room;
    struct block *blocks; /* in the order of rank, attempt, first_step */
};

static void put(struct places *places, const struct block *block) {
    if (places->n == places->room) {
        places->room = places->room > 0 ? 2 * places->room : 1024;
        places->blocks = realloc(places->blocks, places->room * sizeof *places->blocks);
        if (places->blocks == NULL) {
            abort();
        }
    }
    places->blocks[places->n++] = *block;
}

static bool read_block(void *context, const struct pg_rows *rows) {
    enum { PLACE, FIRST_STEP, LAST_STEP, RANK, ATTEMPT };
    for (int i = 0; i < pg_rows_n(rows); i++) {
        const struct block block = {.place = binary_int(rows, i, PLACE, 0),
                                    .first_step = binary_int(rows, i, FIRST_STEP, 0),
                                    .last_step = binary_int(rows, i, LAST_STEP, 0),
                                    .rank = (int32_t)binary_int(rows, i, RANK, 0),
                                    .attempt = (int32_t)binary_int(rows, i, ATTEMPT, 0)};
        put(context, &block);
    }
    return true;
}

enum exit_code places_read(struct ctx *ctx, const struct pg_param *params, struct places **out) {
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        abort();
    }
    return db_stream_binary(ctx, sql_get_metric_places, PARAMS, params, read_block, *out);
}

void places_free(struct places *places) {
    if (places != NULL) {
        free(places->blocks);
        free(places);
    }
}

static bool is_behind(const struct block *block, int32_t rank, int32_t attempt, int64_t step) {
    if (block->rank != rank) {
        return block->rank > rank;
    }
    return block->attempt != attempt ? block->attempt > attempt : block->first_step > step;
}

/* Of those that begin at the step or before, the latest whose end is not before it: nearly always
 * the first that is looked at. */
int64_t places_find(const struct places *places, int32_t rank, int32_t attempt, int64_t step) {
    size_t low = 0;
    size_t high = places->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (is_behind(&places->blocks[middle], rank, attempt, step)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    for (size_t i = low; i > 0; i--) {
        const struct block *block = &places->blocks[i - 1];
        if (block->rank != rank || block->attempt != attempt) {
            break;
        }
        if (block->last_step >= step) {
            return block->place;
        }
    }
    return POINTS_NOWHERE;
}
