/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_SETTLE_H
#define COLLECTOR_NOTIFY_SETTLE_H

/* What came of a post, written down: the message is delivered, tried again later or given up; its
 * endpoint is left alone for as long as it asks or its failures suggest, or disabled, which the
 * feed tells as an alert of its own. Notifier thread only. Blocks. */

#include <stdint.h>

#include "collector/notify/outbox.h"
#include "collector/notify/verdict.h"
#include "schema/db/pg.h"
#include "schema/wire/err.h"

struct settle_result {
    enum verdict verdict;
    int status;                                 /* HTTP; 0: no answer came */
    int64_t pause_ms;                           /* that the endpoint asked for; 0: none */
    char answer[VERDICT_EXCERPT_BYTES_MAX + 1]; /* excerpt, or why there is no answer */
};

/* One transaction; may be repeated after an error. group_wait_ms: see store_new().
 * Errors: those of pg_prepared(). */
enum err settle_message(struct pg *pg, const struct outbox_message *message,
                        const struct settle_result *result, int64_t group_wait_ms,
                        struct why *why) ERR_MUST_CHECK;

#endif
