/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_API_H
#define CLI_DASHBOARD_API_H

/* /api/<command>: the reading commands of the command line, with the same answers (docs/http.md).
 */

#include "cli/dashboard/pool.h"
#include "cli/dashboard/visit.h"
#include "cli/dashboard/words.h"

/* path: behind /api/. */
void api_answer(struct pool *pool, const char *path, const struct visit *visit,
                struct reply *reply);

/* Runs a command line and makes its answer the reply. alone: as another user than the reader. */
void api_run(struct pool *pool, struct words *words, bool alone, struct reply *reply);

#endif
