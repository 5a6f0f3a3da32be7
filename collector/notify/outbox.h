/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_OUTBOX_H
#define COLLECTOR_NOTIFY_OUTBOX_H

/* What is to be sent, as PostgreSQL has it. Deliveries of an endpoint wait there; outbox_next()
 * puts some of them into a message and claims it, in one transaction: after COMMIT this process may
 * post it, and if it dies, another does when the claim has run out, with the same webhook-id.
 *
 * Several collectors may do so: an endpoint's row is locked while its next message is chosen, and
 * one message of an endpoint is under way at a time. Notifier thread only. Blocks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/notify/payload.h"
#include "schema/db/pg.h"
#include "schema/wire/buf.h"
#include "schema/wire/err.h"
#include "schema/wire/wire.h"

#define OUTBOX_CLAIM_MS INT64_C(30000) /* longer than any post takes */

struct outbox_due {
    int64_t endpoint_id;
    int64_t wait_ms; /* 0 or less: now */
};

/* A message that this process has claimed, with what is needed to post it. */
struct outbox_message {
    int64_t message_id;
    int64_t endpoint_id;
    struct wire_id claim;
    int attempts; /* before this one */
    int failures; /* of the endpoint, in a row, before this one */
    enum payload_kind kind;
    char *webhook_id;
    char *url;
    char *secret;     /* NULL: not signed */
    char *old_secret; /* NULL: none */
    struct buf body;
};

void outbox_message_free(struct outbox_message *message); /* NULL is fine */

/* Endpoints that have something to send, soonest first, at most cap of them. Errors: those of
 * pg_prepared(). */
enum err outbox_list_due(struct pg *pg, size_t cap, struct outbox_due *out, size_t *out_n,
                         struct why *why) ERR_MUST_CHECK;

/* Chooses, makes and claims an endpoint's next message. *out is NULL if there is none after all:
 * somebody else has the endpoint, or what waited is kept back. dashboard: base URL, "" for none.
 * Errors: those of pg_prepared(); nothing is claimed then, and the transaction is to be rolled
 * back. */
enum err outbox_next(struct pg *pg, int64_t endpoint_id, const char *dashboard,
                     struct outbox_message **out, struct why *why) ERR_MUST_CHECK;

/* Makes endpoints for all projects of URLs separated by blanks. Errors: those of pg_prepared(). */
enum err outbox_add_endpoints(struct pg *pg, const char *urls, int min_level,
                              struct why *why) ERR_MUST_CHECK;

#endif
