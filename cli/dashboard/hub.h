/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_HUB_H
#define CLI_DASHBOARD_HUB_H

/* One thread and one connection that listen for all open pages: who waits is woken when something
 * may have changed, and now and then whatever was heard. */

#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/err.h"

struct hub;

/* dsn: borrowed. Errors: ERR_IO (no thread). */
enum err hub_start(const char *dsn, struct hub **out, struct why *why) ERR_MUST_CHECK;
/* Ends all waiting; nobody waits any more when hub_free() comes. */
void hub_stop(struct hub *hub);
void hub_free(struct hub *hub);

/* Waits until something may have changed since *seen, which is brought up to date, or until_ns
 * (monotonic). False: the hub has stopped. */
bool hub_wait(struct hub *hub, uint64_t *seen, int64_t until_ns);
/* Waits until until_ns (monotonic). False: the hub has stopped. */
bool hub_pause(struct hub *hub, int64_t until_ns);

#endif
