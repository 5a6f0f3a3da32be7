/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_HELLO_H
#define COLLECTOR_HELLO_H

/* What a hello does in PostgreSQL: finds or makes the project, the run (resume is decided here),
 * the attempt of the rank and the producer's two lanes. Idempotent: a repeated hello of the same
 * producer finds its attempt and changes nothing. Those that wait together, as when a thousand
 * ranks start, share a transaction. Writer thread only. */

#include <stddef.h>
#include <stdint.h>

#include "collector/dbconn.h"
#include "collector/message.h"
#include "schema/wire/err.h"
#include "schema/wire/wire.h"

struct hello_result {
    uint64_t run_id;
    uint32_t rank; /* as first said: a producer cannot change it */
    uint32_t attempt;
    uint64_t last_seq[WIRE_LANES];
};

/* All or none of messages[0..n), which hold hellos and are put in another order; out[i] is of the
 * new messages[i]. A connection without a key is from this machine and may do everything; one with
 * a key may write into the projects that it is bound to, and only as producers that have no other
 * key. Errors: ERR_KEY, ERR_PROJECT (it may not), ERR_NOT_FOUND (resume must, and no run of that
 * name), ERR_VALUE (the run is of another project, or it or its project is being deleted),
 * ERR_DB_CONTENT, each with a sentence for a producer: find it by doing each alone; and those of
 * dbconn_run(). */
enum err hello_run(struct dbconn *conn, size_t n, struct message **messages,
                   struct hello_result *out, struct why *why) ERR_MUST_CHECK;

/* Numbers as collector/sql/merge_config.sql has them. */
enum hello_config {
    HELLO_CONFIG_WINS = 0,   /* over what the run has: that of rank 0 */
    HELLO_CONFIG_FILLS = 1,  /* only a run that has none: the first of another rank */
    HELLO_CONFIG_YIELDS = 2, /* to what the run has, key by key: what another rank adds later */
};

/* Merges a config into a run's, inside an open transaction; text that is not a JSON object is kept
 * as {"_invalid_config": text}. */
enum err hello_merge_config(struct pg *pg, uint64_t run_id, struct str config,
                            enum hello_config how, struct why *why) ERR_MUST_CHECK;

#endif
