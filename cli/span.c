/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/span.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/db.h"

/* a + b, held at the ends of int64. */
static int64_t add(int64_t a, int64_t b) {
    int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return sum;
}

static void read_steps(const struct args *args, struct span *span) {
    span->first = INT64_MIN;
    span->last = INT64_MAX;
    if (args_given(args, "step")) {
        span->first = args_int(args, "step");
        span->last = span->first;
    } else if (args_given(args, "around")) {
        span->first = add(args_int(args, "around"), -args_int(args, "window"));
        span->last = add(args_int(args, "around"), args_int(args, "window"));
    }
    snprintf(span->first_step, sizeof span->first_step, "%" PRId64, span->first);
    snprintf(span->last_step, sizeof span->last_step, "%" PRId64, span->last);
}

static bool is_number(const char *text) {
    char *end = NULL;
    errno = 0;
    const long number = strtol(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && number >= 0 && number <= INT32_MAX;
}

enum exit_code span_read(struct ctx *ctx, struct span *out_span) {
    const struct args *args = ctx->args;
    const char *attempt = args_text(args, "attempt");
    const bool all = attempt != NULL && strcmp(attempt, "all") == 0;
    if (attempt != NULL && !all && !is_number(attempt)) {
        return ctx_fail(ctx, EXIT_USAGE, "--attempt is a number from 0, or all; not '%s'.",
                        attempt);
    }
    const bool by_time = !args_given(args, "step") && !args_given(args, "around");
    read_steps(args, out_span);
    out_span->hide_attempt = attempt == NULL;
    const struct pg_param params[SPAN_PARAMS] = {
        db_text(out_span->first_step),
        db_text(out_span->last_step),
        db_text(by_time ? args_text(args, "at-time") : NULL),
        db_text(args_text(args, "window")),
        db_text(args_text(args, "rank")),
        db_text(attempt == NULL ? "false" : "true"),
        db_text(all ? NULL : attempt),
    };
    memcpy(out_span->params, params, sizeof params);
    return EXIT_OK;
}

enum exit_code span_check_agg(struct ctx *ctx) {
    if (args_given(ctx->args, "agg") && args_given(ctx->args, "rank")) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "--agg makes one value of those of all ranks; leave out --rank.");
    }
    return EXIT_OK;
}

void span_json(struct json *json, const struct ctx *ctx) {
    static const struct {
        const char *option, *key;
    } selectors[] = {{"step", "step"}, {"around", "around"}, {"at-time", "at_time"}};
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        if (!args_given(ctx->args, selectors[i].option)) {
            continue;
        }
        json_key(json, selectors[i].key);
        if (i == 2) {
            json_text(json, args_text(ctx->args, "at-time"));
        } else {
            json_int(json, args_int(ctx->args, selectors[i].option));
        }
        if (i > 0) {
            json_key(json, "window");
            json_int(json, args_int(ctx->args, "window"));
        }
        return;
    }
}
