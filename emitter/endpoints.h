/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_ENDPOINTS_H
#define EMITTER_ENDPOINTS_H

/* The collectors a run may use, in the order in which it tries them. Checked here because libzmq
 * accepts a port of 99999 and an unknown host, and then retries in silence for ever. */

#include <stddef.h>
#include <stdint.h>

#include "schema/wire/err.h"

#define ENDPOINTS_MAX       16
#define ENDPOINTS_BYTES_MAX 512

struct endpoints {
    size_t n;
    char text[ENDPOINTS_MAX][ENDPOINTS_BYTES_MAX];
};

/* list: comma separated, ipc://<absolute path> or tcp://<host>:<port>. Ordered by rendezvous
 * hashing of the run id (Thaler and Ravishankar 1998): all ranks of a run choose the same
 * collector, different runs spread. ERR_CONFIG with a sentence. */
enum err endpoints_parse(const char *list, uint64_t run_id, struct endpoints *out,
                         struct why *why) ERR_MUST_CHECK;

#endif
