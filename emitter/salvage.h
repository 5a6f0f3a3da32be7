/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SALVAGE_H
#define EMITTER_SALVAGE_H

/* A thread beside the courier that delivers what earlier runs have left for the same collectors,
 * once, as soon as a collector has answered to the run itself. It has a connection of its own and
 * never stands in the way of the run's data or of its end. */

#include "emitter/courier.h"
#include "emitter/options.h"

struct salvage;

/* settings and keys: borrows for the call; courier: until salvage_cancel(). NULL: no
 * thread or memory for it, which is no loss: the next run tries again. */
struct salvage *salvage_start(const struct settings *settings, const struct link_keys *keys,
                              const struct courier *courier);
/* It is to end, done or not. Does not wait. NULL is fine, also for the next. */
void salvage_cancel(struct salvage *salvage);
/* After salvage_cancel(): waits for its end, a moment at most. */
void salvage_stop(struct salvage *salvage);

#endif
