/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_CURVES_H
#define CLI_DASHBOARD_CURVES_H

/* /api/curves: a metric of some runs, reduced to what can be drawn (docs/http.md). */

#include "cli/dashboard/pool.h"
#include "cli/dashboard/visit.h"

void curves_answer(struct pool *pool, const struct visit *visit, struct reply *reply);

#endif
