/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_GAP_H
#define EMITTER_GAP_H

/* Between which steps and times the calls lie that a full ring has dropped and no batch has told
 * yet. It lives in the ring's file. The threads that log widen `open` behind a lock that they try a
 * few times and never wait for: who does not get it is counted, and only the bounds may miss that
 * call. The courier moves what is open to `kept` and from there into a batch. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/wire.h"

struct gap {
    _Atomic uint32_t busy; /* somebody has `open`, or died with it */
    struct wire_span open;
    struct wire_span kept; /* courier only */
};

void gap_init(struct gap *gap);
/* Any thread: adds a dropped call to *dropped and to the bounds. WIRE_STEP_NONE: it has no step. */
void gap_note(struct gap *gap, _Atomic uint64_t *dropped, int64_t step, int64_t time_ns);

/* Courier only. Returns how many of *dropped to tell now: told if somebody has the lock, and in a
 * hurry all of them, then without bounds. What was noted of them is in kept. */
uint64_t gap_take(struct gap *gap, const _Atomic uint64_t *dropped, uint64_t told, bool hurry);
/* Calls of a batch that is not sent under its number wait for another one. */
void gap_keep(struct gap *gap, const struct wire_span *span);
/* A batch has what was kept. */
void gap_clear(struct gap *gap);

/* For one whose threads are gone: undoes what they left half done. False: it makes no sense. */
bool gap_heal(struct gap *gap);

#endif
