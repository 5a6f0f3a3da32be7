/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_SESSION_H
#define COLLECTOR_SESSION_H

/* A connection to PostgreSQL of a thread that is not the writer: acts as tocsin_collector, and no
 * statement of it takes longer than a minute. */

#include "schema/db/pg.h"
#include "schema/wire/err.h"

/* Opens *pg unless it is open. application: shown in pg_stat_activity. Errors: those of pg_open()
 * and pg_run(). */
enum err session_ensure(const char *dsn, const char *application, struct pg **pg,
                        struct why *why) ERR_MUST_CHECK;

/* Closes *pg and sets it to NULL; the next session_ensure() opens it again. */
void session_drop(struct pg **pg);

#endif
