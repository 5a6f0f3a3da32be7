/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ROSTER_H
#define COLLECTOR_ROSTER_H

/* The producers that the writer knows: which run, rank and attempt each writes into, where its
 * lanes stand in PostgreSQL, and the run state of its series. Memory only, so that it may be lost
 * at any moment: a producer that is not here is told to say hello, and its run state is read back
 * or computed from its blocks. Writer thread only; pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/run_state.h"
#include "schema/wire/wire.h"

struct producer {
    struct wire_id id;
    uint64_t run_id;
    uint32_t rank;
    uint32_t attempt;
    uint64_t last_seq[WIRE_LANES]; /* committed */
    size_t slot[WIRE_LANES];       /* 1 + its stream in the group being built; 0: not in it */
    struct run_state *state;       /* NULL: not known, to be read from PostgreSQL */
    uint64_t state_round;          /* the latest in which its state was written */
    bool state_dirty;              /* some row differs from the table, or state_seq is behind */
    bool seen;                     /* committed something since runs.last_seen was written */
    bool state_lost;               /* its state could not be computed; not tried again */
    bool ended;                    /* it said finish: people look at its run state from now on */
};

struct roster;

/* max: producers held; max_state_bytes: memory of their run states together. */
struct roster *roster_new(size_t max, size_t max_state_bytes);
void roster_free(struct roster *roster); /* NULL is fine */
size_t roster_n(const struct roster *roster);

struct producer *roster_find(const struct roster *roster, const struct wire_id *id);
/* The producer, made if it is not there; then with an unknown state. */
struct producer *roster_add(struct roster *roster, const struct wire_id *id);
void roster_remove(struct roster *roster, struct producer *producer);
/* It has been used just now; of the unused ones, those of longest ago go first. */
void roster_touch(struct roster *roster, struct producer *producer);

/* takes state, which may be NULL: unknown. */
void roster_set_state(struct roster *roster, struct producer *producer, struct run_state *state);
/* Call after a producer's state grew: keeps the account of its memory. */
void roster_account(struct roster *roster, const struct producer *producer, size_t bytes_before);
size_t roster_state_bytes(const struct roster *roster);

/* Forgets the producers and states unused for longest until the bounds hold, except dirty ones. */
void roster_trim(struct roster *roster);

/* In the order of use: previous NULL gives the first, NULL is the end. */
struct producer *roster_next(const struct roster *roster, const struct producer *previous);

#endif
