/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_STORE_H
#define COLLECTOR_STORE_H

/* A group of batches in one transaction:
 *
 *     begin
 *     advance_producers   compare and set of every stream; short of one row, roll back
 *     insert_series       names of keysets
 *     insert_gaps         calls that never came
 *     copy_blocks
 *     insert_run_endpoints, insert_alerts with their deliveries, finish_attempts, merge_config
 *     commit
 *
 * Or, in place of what comes between the first and the last of these: insert_quarantine.
 *
 * All or nothing; what to do about nothing is commit.h's. Writer thread only.
 */

#include <stdint.h>

#include "collector/dbconn.h"
#include "collector/group.h"
#include "schema/wire/err.h"

struct store;

/* Borrows conn. group_wait_ms: how long an alert of a run of several ranks waits for those of the
 * others before it is sent anywhere. */
struct store *store_new(struct dbconn *conn, int64_t group_wait_ms);
void store_free(struct store *store); /* NULL is fine */

/* Errors: ERR_DB_CONFLICT (a stream is not where the group begins), ERR_DB_CONTENT (PostgreSQL
 * refuses something in it), and those of dbconn_run(). */
enum err store_group(struct store *store, const struct group *group,
                     struct why *why) ERR_MUST_CHECK;

/* The same for the one batch of a group that store_group() has just refused for its content: its
 * stream moves on, its frame goes into quarantine with the reason, the names of its keysets are
 * stored if they can be, for later batches need them, and so are its gaps. Also ERR_DB_CONTENT: the
 * run has STORE_QUARANTINE_MAX already. */
#define STORE_QUARANTINE_MAX 256
enum err store_aside(struct store *store, const struct group *group, const struct why *reason,
                     struct why *why) ERR_MUST_CHECK;

#define STORE_GONE UINT64_MAX

/* Where each stream of a sealed group stands: out_last_seq[i] for streams[i], STORE_GONE if
 * PostgreSQL has none. Room for group->n numbers. Errors: those of dbconn_run(). */
enum err store_read(struct store *store, const struct group *group, uint64_t *out_last_seq,
                    struct why *why) ERR_MUST_CHECK;

#endif
