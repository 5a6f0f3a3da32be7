/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHARLM_RANKS_H
#define CHARLM_RANKS_H

/* Several real processes that average vectors in shared memory, as data-parallel training does
 * between GPUs. The launcher forks the ranks before anything else is started and tells them who
 * they are in the variables that torchrun uses. */

#include <stddef.h>
#include <stdint.h>

#define RANKS_MAX 256

struct ranks;

/* Shared memory for `size` ranks, 1 to RANKS_MAX, and vectors of n floats. NULL: not to be had. */
struct ranks *ranks_new(uint32_t size, size_t n);

/* Runs body(rank, context) in `size` processes and waits for all. A rank that dies takes the others
 * with it: they would wait for it for ever. Returns the worst exit status, 128 + n for a signal. */
typedef int ranks_body(uint32_t rank, void *context);
int ranks_launch(uint32_t size, ranks_body *body, void *context);

/* All ranks call it with their vector and get the mean in place; n as given to ranks_new(). The
 * sum runs in rank order, so every rank gets the same bits. */
void ranks_average(struct ranks *ranks, uint32_t rank, float *vector);

#endif
