/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SPAN_H
#define CLI_SPAN_H

/* Which values `get metric` and `get snapshot` mean: --step, else --around with --window steps to
 * both sides, else --at-time with --window seconds to both sides; of which ranks and attempts. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/json.h"
#include "schema/db/pg.h"

#define SPAN_PARAMS 7 /* statements take them in this order; get_metric.sql says what they are */

struct span {
    int64_t first;
    int64_t last;
    char first_step[24];
    char last_step[24];
    bool hide_attempt; /* nobody asked for attempts */
    struct pg_param params[SPAN_PARAMS];
};

/* out_span points into itself and into ctx->args: it must not be copied. */
enum exit_code span_read(struct ctx *ctx, struct span *out_span);
/* EXIT_USAGE: --agg makes one value of all ranks, and --rank wants one of them. */
enum exit_code span_check_agg(struct ctx *ctx);
/* The selector as given: "step", or "around" and "window", or "at_time" and "window". */
void span_json(struct json *json, const struct ctx *ctx);

#endif
