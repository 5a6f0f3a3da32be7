/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_NOTIFIER_H
#define COLLECTOR_NOTIFY_NOTIFIER_H

/* The notifier thread: asks PostgreSQL which endpoints have something to send, claims the next
 * message of each, posts them side by side, and writes down what came of it. Looks when the writer
 * has committed alerts, when something becomes due, and every second for what others left there.
 * Its connection is its own; while PostgreSQL is away nothing is claimed, and results wait.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collector/settings.h"
#include "schema/wire/err.h"

struct notifier;

/* settings are borrowed until notifier_stop(). Makes the endpoints of webhook_url. Errors: those of
 * poster_new() and session_ensure(), ERR_MEMORY. */
enum err notifier_start(const struct settings *settings, struct notifier **out,
                        struct why *why) ERR_MUST_CHECK;

/* Any thread: alerts were committed. */
void notifier_wake(struct notifier *notifier);

/* Claims nothing any more, lets what is under way end until deadline_ns (monotonic), and frees.
 * What did not end is posted again by another collector, or at the next start. False: the thread is
 * held up by PostgreSQL and still there. NULL is fine. */
bool notifier_stop(struct notifier *notifier, int64_t deadline_ns);

#endif
