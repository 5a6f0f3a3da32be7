/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PLACES_H
#define CLI_PLACES_H

/* The rolled blocks of a metric: which of them holds a step. Only looked at, not unpacked. */

#include <stdint.h>

#include "cli/ctx.h"
#include "schema/db/pg.h"

struct places;

/* params: those of get_metric_places.sql. Gives *out also after a failure, which is said. */
enum exit_code places_read(struct ctx *ctx, const struct pg_param *params, struct places **out);
void places_free(struct places *places); /* NULL is fine */

/* As struct point says it: the place of a block that has this step in its range, or POINTS_NOWHERE.
 */
int64_t places_find(const struct places *places, int32_t rank, int32_t attempt, int64_t step);

#endif
