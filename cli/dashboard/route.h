/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_ROUTE_H
#define CLI_DASHBOARD_ROUTE_H

/* Which part of the server answers a visit. */

#include "cli/dashboard/guard.h"
#include "cli/dashboard/hub.h"
#include "cli/dashboard/pool.h"
#include "cli/dashboard/visit.h"

struct site {
    struct guard guard;
    struct pool *pool;
    struct hub *hub;
    const char *dsn;     /* NULL: as everywhere; borrowed, as is the project */
    const char *project; /* with which a page begins; NULL: none */
};

/* Always a reply. */
void route_visit(const struct site *site, const struct visit *visit, struct reply *reply);

#endif
