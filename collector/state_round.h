/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_STATE_ROUND_H
#define COLLECTOR_STATE_ROUND_H

/* Whose run state is written next. A flush writes a bounded number of producers; a round is as many
 * flushes as it takes to reach everyone who has news, each once, however busy they are meanwhile:
 * else thousands of producers that commit all the time would have their states written all the
 * time. Pure; writer thread only. */

#include <stddef.h>

#include "collector/roster.h"

/* Those at their end; those that the present round has not written yet; all. */
enum state_scope { STATE_ENDED, STATE_ROUND, STATE_ALL };

/* Nothing is left; news of producers that this round, now over, has written already; some that it
 * has not reached. */
enum state_left { STATE_LEFT_NONE, STATE_LEFT_LATER, STATE_LEFT_NOW };

/* The first max of them, in the order of use. round: the present one; a producer was written in its
 * state_round. */
enum state_left state_round_choose(const struct roster *roster, enum state_scope scope,
                                   uint64_t round, size_t max, struct producer **out_producers,
                                   size_t *out_n);

#endif
