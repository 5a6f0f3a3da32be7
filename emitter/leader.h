/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_LEADER_H
#define EMITTER_LEADER_H

/* Which of the ranks of a run on this machine speaks for the machine: the one that holds the lock
 * of a file beside the rings, named after the run. When it dies the next one that asks has it. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/place.h"
#include "schema/wire/wire.h"

struct leader {
    pthread_mutex_t lock;
    bool may; /* a rank that its launcher does not count as the machine's first never leads */
    struct wire_id claim;
    int fd; /* -1: another one leads, or none */
    char name[32];
    char dir[PLACE_PATH_BYTES_MAX];
};

/* ring_path: of the run's ring. local_rank: -1 if it is not known. */
void leader_init(struct leader *leader, const char *ring_path, uint64_t run_id, int64_t local_rank);
/* Whether this one leads; takes the lead if nobody has it. Any thread. */
bool leader_take(struct leader *leader);
/* Nothing else is done with it then. */
void leader_fini(struct leader *leader);

/* Removes what killed leaders have left in the directory. */
void leader_sweep(const char *dir);

#endif
