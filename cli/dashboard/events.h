/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_EVENTS_H
#define CLI_DASHBOARD_EVENTS_H

/* /api/events: what is new in a project, as server-sent events (docs/http.md). Each open page has a
 * subscription with a cursor of its own: what it has missed is asked of the database, not
 * remembered here, so that a page which comes back misses nothing. */

#include <sys/types.h>

#include "cli/dashboard/hub.h"
#include "cli/dashboard/pool.h"
#include "cli/dashboard/visit.h"

/* Makes a subscription the reply, or says why not. */
void events_answer(struct hub *hub, struct pool *pool, const struct visit *visit,
                   struct reply *reply);

/* Copies the next bytes, waiting for them. 0: it is over. */
size_t events_read(struct subscription *subscription, char *out, size_t max);
void events_free(struct subscription *subscription);

#endif
