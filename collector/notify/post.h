/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_POST_H
#define COLLECTOR_NOTIFY_POST_H

/* HTTP POST of many messages at once: libcurl's multi interface, one thread, so that a slow webhook
 * holds up no other. What the URL may not do: leave https (unless webhook_allow_http), be
 * redirected, use a proxy of the environment, reach an address that notify/guard.h refuses, take
 * longer than webhook_timeout_ms, answer more than VERDICT_BODY_BYTES_MAX. Nothing here prints or
 * keeps a URL.
 *
 * curl.h is included in post.c only. Notifier thread, but for post_wake().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/notify/outbox.h"
#include "collector/notify/settle.h"
#include "collector/settings.h"
#include "schema/wire/err.h"

#define POST_MAX 256 /* under way at once; more than the endpoints one project can invent */

struct poster;

/* settings are borrowed. Errors: ERR_CONFIG (webhook_allow, webhook_ca_file), ERR_MEMORY. */
enum err poster_new(const struct settings *settings, struct poster **out,
                    struct why *why) ERR_MUST_CHECK;
void poster_free(struct poster *poster); /* what is under way is cut off; NULL is fine */

/* How many more may begin. */
size_t poster_room(const struct poster *poster);
/* Begins to post, of which there must be room; takes message until poster_next_done() gives it
 * back. What keeps a post from beginning is its result. */
void poster_start(struct poster *poster, struct outbox_message *message);
/* Lets the posts go on until something happens or wait_ms are over. */
void poster_wait(struct poster *poster, int64_t wait_ms);
/* Any thread: ends poster_wait() early. */
void poster_wake(struct poster *poster);

/* One post that has ended, whose message is the caller's again; false: none has. */
bool poster_next_done(struct poster *poster, struct outbox_message **out_message,
                      struct settle_result *out_result);

#endif
