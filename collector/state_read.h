/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_STATE_READ_H
#define COLLECTOR_STATE_READ_H

/* The run state of one producer from PostgreSQL: brought up to date from its blocks where a killed
 * collector left it behind, and read back. Writer thread only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/dbconn.h"
#include "collector/run_state.h"
#include "schema/wire/err.h"
#include "schema/wire/wire.h"

struct state_read {
    uint64_t run_id; /* in: whose state; wanted: give it, not just repair the table */
    struct wire_id producer;
    uint32_t rank;
    uint32_t attempt;
    bool wanted;
    bool found;              /* out: PostgreSQL knows the producer */
    uint64_t last_seq;       /* of its metrics lane; what the state includes */
    struct run_state *state; /* owned by the caller; NULL unless wanted and found */
};

/* One transaction. Errors: ERR_TOO_LONG (computing takes longer than 20 s; nothing has changed) and
 * those of dbconn_run(). */
enum err state_read_run(struct dbconn *conn, struct state_read *read,
                        struct why *why) ERR_MUST_CHECK;

/* Producers whose state is behind and that were quiet for quiet_s seconds, at most max. */
enum err state_read_find(struct dbconn *conn, int quiet_s, size_t max, struct state_read *out,
                         size_t *out_n, struct why *why) ERR_MUST_CHECK;

#endif
