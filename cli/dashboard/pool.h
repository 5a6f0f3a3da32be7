/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_POOL_H
#define CLI_DASHBOARD_POOL_H

/* A few connections to the database that all requests share, so that a hundred open pages are no
 * hundred connections. Any thread. */

#include "cli/inside.h"
#include "schema/db/pg.h"

#define POOL_SIZE 4

struct pool;

/* dsn: borrowed. */
struct pool *pool_new(const char *dsn);
void pool_free(struct pool *pool); /* nobody has one any more */
/* Waits for a free one. */
struct inside *pool_take(struct pool *pool);
void pool_give(struct pool *pool, struct inside *inside);
/* One statement on one of them. why: what went wrong, if it did. */
enum exit_code pool_query(struct pool *pool, const char *sql, int n, const struct pg_param *params,
                          struct pg_rows **out_rows, struct why *why);

#endif
