/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_DBCONN_H
#define COLLECTOR_DBCONN_H

/* The writer's connection to PostgreSQL and its one retry policy. Work is given as a step: a whole
 * transaction, begin to commit, that may be repeated from its begin at any time. After a lost
 * connection nobody knows whether its last COMMIT went through; steps that store batches find out
 * by their compare and set.
 *
 * Writer thread only (main may open it before the thread starts). Logs, as part of that thread's
 * loop.
 */

#include <stdbool.h>
#include <stdint.h>

#include "schema/db/pg.h"
#include "schema/wire/err.h"

struct dbconn;

/* dsn is borrowed for the connection's life. retry_max_ms: longest pause between attempts. */
struct dbconn *dbconn_new(const char *dsn, int64_t retry_max_ms);
void dbconn_free(struct dbconn *conn); /* NULL is fine */

/* Connects once, checks the schema and takes the role tocsin_collector. Errors: those of pg_open()
 * and migrate_verify(); ERR_DB_PERMISSION if the role may not be taken. */
enum err dbconn_open(struct dbconn *conn, struct why *why) ERR_MUST_CHECK;

typedef enum err dbconn_step_fn(struct pg *pg, void *context, struct why *why);

/* Runs step until it succeeds or fails for a reason that repeating does not cure, reconnecting and
 * pausing as needed; rolls back what a failed step left open. Blocks.
 * Errors: whatever step returns, but ERR_DB_RETRY never, and ERR_DB_UNREACHABLE only once
 * dbconn_give_up() was called and its time has come. */
enum err dbconn_run(struct dbconn *conn, dbconn_step_fn *step, void *context,
                    struct why *why) ERR_MUST_CHECK;

/* If no step succeeded for a while, asks the server whether it is there: so that health tells the
 * truth when nothing is to be stored. Errors: those of dbconn_run(). */
enum err dbconn_probe(struct dbconn *conn, struct why *why) ERR_MUST_CHECK;

/* Any thread: from deadline_ns (monotonic) on, dbconn_run() begins no step and repeats none. */
void dbconn_give_up(struct dbconn *conn, int64_t deadline_ns);

/* Any thread: monotonic time at which a step last succeeded; 0 if none has. */
int64_t dbconn_worked_ns(const struct dbconn *conn);
bool dbconn_is_up(const struct dbconn *conn);

#endif
