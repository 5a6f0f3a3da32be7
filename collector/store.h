/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_STORE_H
#define COLLECTOR_STORE_H

/* A group of batches in one transaction:
 *
 *     begin
 *     advance_producers   compare and set of every stream; short of one row, roll back
 *     insert_series       names of keysets
 *     copy_blocks
 *     insert_alerts, finish_attempts, merge_config
 *     commit
 *
 * All or nothing; what to do about nothing is commit.h's. Writer thread only.
 */

#include <stdint.h>

#include "collector/dbconn.h"
#include "collector/group.h"
#include "schema/wire/err.h"

struct store;

struct store *store_new(struct dbconn *conn); /* borrows conn */
void store_free(struct store *store);         /* NULL is fine */

/* Errors: ERR_DB_CONFLICT (a stream is not where the group begins), ERR_DB_CONTENT (PostgreSQL
 * refuses something in it), and those of dbconn_run(). */
enum err store_group(struct store *store, const struct group *group,
                     struct why *why) ERR_MUST_CHECK;

#define STORE_GONE UINT64_MAX

/* Where each stream of a sealed group stands: out_last_seq[i] for streams[i], STORE_GONE if
 * PostgreSQL has none. Room for group->n numbers. Errors: those of dbconn_run(). */
enum err store_read(struct store *store, const struct group *group, uint64_t *out_last_seq,
                    struct why *why) ERR_MUST_CHECK;

#endif
