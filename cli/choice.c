/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/choice.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/db.h"
#include "cli/places.h"
#include "cli/points.h"
#include "cli_sql.h"
#include "schema/db/binary.h"

static const char more[] = "--max-points 0 prints all, --around N --window N those of a few steps";

struct reading {
    const struct span *span;
    struct points_window window;
    int64_t first_step;
    int64_t last_step;
    char level[24]; /* of roll-ups that are fine enough; "0": none */
    char unit[24];
    bool any;    /* there is a value */
    bool broken; /* a field is not what it should be */
    struct points *points;
};

static bool read_bounds(void *context, const struct pg_rows *rows) {
    enum { FIRST_STEP, LAST_STEP, FIRST_TIME, LAST_TIME, LEVEL, UNIT };
    struct reading *r = context;
    struct binary_array first;
    if (pg_rows_n(rows) > 0 && binary_number(rows, 0, FIRST_STEP, &first)) {
        r->any = true;
        r->first_step = binary_int(rows, 0, FIRST_STEP, 0);
        r->last_step = binary_int(rows, 0, LAST_STEP, 0);
        snprintf(r->level, sizeof r->level, "%" PRId64, binary_int(rows, 0, LEVEL, 0));
        snprintf(r->unit, sizeof r->unit, "%" PRId64, binary_int(rows, 0, UNIT, 1));
        r->window = (struct points_window){
            .first_step = r->span->first,
            .last_step = r->span->last,
            .first_time = binary_int(rows, 0, FIRST_TIME, INT64_MIN),
            .last_time = binary_int(rows, 0, LAST_TIME, INT64_MAX),
        };
    }
    return true;
}

/* until_step INT64_MIN: to the end. */
static void narrow(struct points_window *window, int64_t from_step, int64_t until_step) {
    if (from_step > window->first_step) {
        window->first_step = from_step;
    }
    if (until_step > INT64_MIN && until_step - 1 < window->last_step) {
        window->last_step = until_step - 1;
    }
}

static bool read_block(void *context, const struct pg_rows *rows) {
    enum { PLACE, FIRST_STEP, RANK, ATTEMPT, FROM_STEP, UNTIL_STEP, STEPS, TIMES, VALUES };
    struct reading *r = context;
    for (int i = 0; i < pg_rows_n(rows); i++) {
        struct points_block block = {.origin = {.first_step = binary_int(rows, i, FIRST_STEP, 0),
                                                .rank = (int32_t)binary_int(rows, i, RANK, 0),
                                                .attempt = (int32_t)binary_int(rows, i, ATTEMPT, 0),
                                                .place = binary_int(rows, i, PLACE, 0)}};
        struct points_window window = r->window;
        narrow(&window, binary_int(rows, i, FROM_STEP, INT64_MIN),
               binary_int(rows, i, UNTIL_STEP, INT64_MIN));
        if (!binary_array(rows, i, STEPS, &block.steps) ||
            !binary_array(rows, i, TIMES, &block.times) ||
            !binary_array(rows, i, VALUES, &block.values)) {
            r->broken = true;
            return false;
        }
        points_add(r->points, &block, &window);
    }
    return true;
}

static bool read_rollup(void *context, const struct pg_rows *rows) {
    enum { RANK, ATTEMPT, CALLS, ODD, STEPS, VALUES, TIMES };
    struct reading *r = context;
    for (int i = 0; i < pg_rows_n(rows); i++) {
        struct points_rolled rolled = {.rank = (int32_t)binary_int(rows, i, RANK, 0),
                                       .attempt = (int32_t)binary_int(rows, i, ATTEMPT, 0),
                                       .total = binary_int(rows, i, CALLS, 0),
                                       .nonfinite = binary_int(rows, i, ODD, 0)};
        if (!binary_array(rows, i, STEPS, &rolled.steps) ||
            !binary_array(rows, i, VALUES, &rolled.values) ||
            !binary_array(rows, i, TIMES, &rolled.times)) {
            r->broken = true;
            return false;
        }
        points_add_rolled(r->points, &rolled);
    }
    return true;
}

/* A row of get_metric_across.sql is a block of one value, which its step names. */
static bool read_step(void *context, const struct pg_rows *rows) {
    enum { TIMESTAMP, STEP, VALUE };
    struct reading *r = context;
    for (int i = 0; i < pg_rows_n(rows); i++) {
        struct points_block block = {.origin = {.first_step = binary_int(rows, i, STEP, 0)}};
        if (!binary_number(rows, i, STEP, &block.steps) ||
            !binary_number(rows, i, VALUE, &block.values)) {
            r->broken = true;
            return false;
        }
        points_add(r->points, &block, &r->window);
    }
    return true;
}

/* PostgreSQL's text of an array of what print says of each point. Gives. */
static char *array_text(const struct point *points, size_t n,
                        void (*print)(FILE *file, const struct point *point)) {
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (file == NULL) {
        abort();
    }
    fputc('{', file);
    for (size_t i = 0; i < n; i++) {
        fputs(i == 0 ? "" : ",", file);
        print(file, &points[i]);
    }
    fputc('}', file);
    if (fclose(file) != 0) {
        abort();
    }
    return text;
}

static void print_place(FILE *file, const struct point *point) {
    if (point->place == POINTS_NOWHERE) {
        fputs("null", file);
        return;
    }
    fprintf(file, "\"(%" PRId64 ",%" PRId64 ")\"", point->place >> 16, point->place & 0xFFFF);
}

static void print_position(FILE *file, const struct point *point) {
    fprintf(file, "%" PRIu32, point->position);
}

static void print_value(FILE *file, const struct point *point) {
    if (isnan(point->value)) {
        fputs("NaN", file);
    } else {
        fprintf(file, "%.17g", point->value);
    }
}

static void print_time(FILE *file, const struct point *point) {
    fprintf(file, "%" PRId64, point->time);
}

static void print_rank(FILE *file, const struct point *point) {
    fprintf(file, "%" PRId32, point->rank);
}

static void print_attempt(FILE *file, const struct point *point) {
    fprintf(file, "%" PRId32, point->attempt);
}

static void print_step(FILE *file, const struct point *point) {
    fprintf(file, "%" PRId64, point->first_step);
}

/* Those from roll-ups are looked for in the blocks, where there are still some: these know the
 * time.
 */
static enum exit_code locate(struct ctx *ctx, const struct pg_param *asked, struct point *points,
                             size_t n) {
    const struct pg_param params[] = {asked[0], asked[1], asked[6], asked[8]};
    struct places *places = NULL;
    const enum exit_code code = places_read(ctx, params, &places);
    for (size_t i = 0; code == EXIT_OK && i < n; i++) {
        struct point *point = &points[i];
        if (point->place == POINTS_NOWHERE) {
            point->place = places_find(places, point->rank, point->attempt, point->first_step);
        }
    }
    places_free(places);
    return code;
}

static enum exit_code choose(struct ctx *ctx, const struct reading *r, const struct pg_param *asked,
                             struct choice *out) {
    size_t n = 0;
    struct point *chosen = points_choose(r->points, &n);
    enum exit_code code = EXIT_OK;
    out->chosen = (int64_t)n;
    if (args_given(ctx->args, "agg")) {
        out->steps = array_text(chosen, n, print_step);
    } else {
        code = locate(ctx, asked, chosen, n);
        out->places = array_text(chosen, n, print_place);
        out->positions = array_text(chosen, n, print_position);
        out->values = array_text(chosen, n, print_value);
        out->steps = array_text(chosen, n, print_step);
        out->times = array_text(chosen, n, print_time);
        out->ranks = array_text(chosen, n, print_rank);
        out->attempts = array_text(chosen, n, print_attempt);
    }
    free(chosen);
    return code;
}

/* $9 of get_metric_blocks.sql. Gives. */
static char *stretches_text(const struct points *points) {
    size_t n = 0;
    const int64_t *begins = points_stretches(points, &n);
    struct point *as_points = calloc(n, sizeof *as_points);
    if (as_points == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        as_points[i].first_step = begins[i];
    }
    char *text = array_text(as_points, n, print_step);
    free(as_points);
    return text;
}

static enum exit_code read_blocks(struct ctx *ctx, struct reading *r,
                                  const struct pg_param *asked) {
    char last_step[24];
    char *stretches = stretches_text(r->points);
    snprintf(last_step, sizeof last_step, "%" PRId64, r->last_step);
    const struct pg_param params[] = {
        asked[0],           asked[1],           asked[2], asked[3],
        asked[4],           asked[6],           asked[7], asked[8],
        db_text(stretches), db_text(last_step), /* not --window */
        db_text(r->level),  db_text(r->unit),
    };
    enum exit_code code = db_stream_binary(ctx, sql_get_metric_blocks, 12, params, read_block, r);
    if (code == EXIT_OK) {
        code = db_stream_binary(ctx, sql_get_metric_rollups, 12, params, read_rollup, r);
    }
    free(stretches);
    return code;
}

static enum exit_code read_steps(struct ctx *ctx, struct reading *r, const struct pg_param *asked) {
    struct pg_param params[4 + SPAN_PARAMS];
    memcpy(params, asked, (2 + SPAN_PARAMS) * sizeof *params);
    params[2 + SPAN_PARAMS] = db_text(args_text(ctx->args, "agg"));
    params[3 + SPAN_PARAMS] = db_text(NULL);
    return db_stream_binary(ctx, sql_get_metric_across, 4 + SPAN_PARAMS, params, read_step, r);
}

static enum exit_code read_ends(struct ctx *ctx, struct reading *r, const struct pg_param *asked) {
    char stretches[24];
    struct pg_param params[3 + SPAN_PARAMS];
    memcpy(params, asked, (2 + SPAN_PARAMS) * sizeof *params);
    snprintf(stretches, sizeof stretches, "%" PRId64,
             points_stretches_of(args_int(ctx->args, "max-points")));
    params[2 + SPAN_PARAMS] = db_text(stretches);
    return db_stream_binary(ctx, sql_get_metric_bounds, 3 + SPAN_PARAMS, params, read_bounds, r);
}

static enum exit_code make(struct ctx *ctx, struct reading *r, const struct pg_param *asked,
                           struct choice *out) {
    const int64_t max_points = args_int(ctx->args, "max-points");
    const bool across = args_given(ctx->args, "agg");
    enum exit_code code = db_snapshot(ctx);
    if (code == EXIT_OK) {
        code = read_ends(ctx, r, asked);
    }
    if (code != EXIT_OK || !r->any) {
        return code;
    }
    r->points = points_new(max_points, r->first_step, r->last_step);
    code = across ? read_steps(ctx, r, asked) : read_blocks(ctx, r, asked);
    if (code == EXIT_OK && r->broken) {
        ctx_fail(ctx, EXIT_INTERNAL, "A block of this metric holds what is not a number.");
        code = ctx_hint(ctx, EXIT_INTERNAL, "See it with --max-points 0.");
    }
    if (code != EXIT_OK) {
        return code;
    }
    out->points = points_total(r->points);
    out->nonfinite = points_nonfinite(r->points);
    out->truncated = out->points > max_points;
    return out->truncated ? choose(ctx, r, asked, out) : EXIT_OK;
}

enum exit_code choice_make(struct ctx *ctx, const struct run *run, const struct span *span,
                           struct choice *out) {
    if (args_int(ctx->args, "max-points") == 0) {
        return EXIT_OK;
    }
    struct reading r = {.span = span};
    struct pg_param asked[2 + SPAN_PARAMS] = {db_text(run->id),
                                              db_text(args_text(ctx->args, "metric"))};
    memcpy(asked + 2, span->params, sizeof span->params);
    const enum exit_code code = make(ctx, &r, asked, out);
    points_free(r.points);
    return code;
}

void choice_free(struct choice *choice) {
    free(choice->places);
    free(choice->positions);
    free(choice->values);
    free(choice->steps);
    free(choice->times);
    free(choice->ranks);
    free(choice->attempts);
}

void choice_json(struct json *json, const struct choice *choice) {
    json_key(json, "truncated");
    json_bool(json, choice->truncated);
    if (choice->truncated) {
        json_key(json, "points");
        json_int(json, choice->points);
        json_key(json, "nonfinite_points");
        json_int(json, choice->nonfinite);
        json_key(json, "more");
        json_text(json, more);
    }
}

void choice_note(const struct ctx *ctx, const struct choice *choice) {
    if (choice->truncated && (!ctx->json || ctx->lines)) {
        ctx_note("There is more: these are %" PRId64 " of %" PRId64
                 " values, the least and the greatest of each stretch of steps; %" PRId64
                 " are NaN or infinite. %s.",
                 choice->chosen, choice->points, choice->nonfinite, more);
    }
}
