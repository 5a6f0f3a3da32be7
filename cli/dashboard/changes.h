/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_CHANGES_H
#define CLI_DASHBOARD_CHANGES_H

/* What a page may change: it acknowledges alerts and silences them, by the commands of the command
 * line (docs/http.md). */

#include "cli/dashboard/pool.h"
#include "cli/dashboard/visit.h"

#define CHANGES_BODY_BYTES_MAX ((size_t)64 * 1024)

/* path: behind /api/. False: there is no such change. */
bool changes_answer(struct pool *pool, const char *path, const struct visit *visit,
                    struct reply *reply);
/* Whether the database user may change anything. */
bool changes_are_possible(const char *dsn);

#endif
