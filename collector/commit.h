/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMMIT_H
#define COLLECTOR_COMMIT_H

/* What becomes of the batches of a group: committed and acknowledged, in this order, or answered
 * otherwise. Another collector got further: read where the streams stand, answer what that settles,
 * go on with the rest. PostgreSQL refuses some content: halve the group until the bad batch is
 * found; the others commit. Writer thread only.
 */

#include <stdbool.h>
#include <stddef.h>

#include "collector/answers.h"
#include "collector/dbconn.h"
#include "collector/message.h"
#include "collector/roster.h"
#include "schema/wire/err.h"

struct commit;

/* Borrows all three. group_wait_ms: see store_new(). */
struct commit *commit_new(struct dbconn *conn, struct roster *roster, struct answers *answers,
                          int64_t group_wait_ms);
void commit_free(struct commit *commit); /* NULL is fine */

struct commit_news {
    bool ended;   /* a producer at its end was among them; then, or if the answers are no
                     acknowledgements, the caller sends them */
    bool alerted; /* alerts were stored */
};

/* Settles every one of messages[0..n), which hold batches in the order they were received. Merges
 * what was committed into the producers' run states. out_news: filled in also after an error.
 * Errors: ERR_DB_UNREACHABLE (told to give up; what is not settled is not stored) and those of
 * class fatal. */
enum err commit_run(struct commit *commit, struct message **messages, size_t n,
                    struct commit_news *out_news, struct why *why) ERR_MUST_CHECK;

#endif
