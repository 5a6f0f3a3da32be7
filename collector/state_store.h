/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_STATE_STORE_H
#define COLLECTOR_STATE_STORE_H

/* Run states and their table.
 *
 * A flush overwrites the rows of dirty producers from memory, in one transaction with
 * producers.state_seq, and only where memory includes exactly what is committed: a collector that
 * lost a producer to another one writes nothing of it. It also says that runs are alive.
 * A refresh is the way back: a producer whose state is not in memory has it read from the table,
 * after it was brought up to date from the blocks if it was left behind. A repair does the same for
 * producers that did not come back.
 *
 * Each call does one bounded piece, so that alerts do not wait long behind it. Writer thread only.
 */

#include <stdbool.h>

#include "collector/dbconn.h"
#include "collector/roster.h"
#include "collector/state_round.h"
#include "schema/wire/err.h"

struct state_store;

struct state_store *state_store_new(struct dbconn *conn, struct roster *roster); /* borrows both */
void state_store_free(struct state_store *store);                                /* NULL is fine */

/* Errors of all: those of dbconn_run(). A state that PostgreSQL cannot compute in time is no error:
 * it is counted and given up. */
enum err state_store_flush(struct state_store *store, enum state_scope scope,
                           enum state_left *out_left, struct why *why) ERR_MUST_CHECK;
/* out_more: there is more to do. */
enum err state_store_refresh(struct state_store *store, bool *out_more,
                             struct why *why) ERR_MUST_CHECK;
enum err state_store_repair(struct state_store *store, bool *out_more,
                            struct why *why) ERR_MUST_CHECK;

#endif
