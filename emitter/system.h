/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SYSTEM_H
#define EMITTER_SYSTEM_H

/* The system metrics of a run: its samplers, from its start to its end. */

#include "emitter/options.h"
#include "emitter/sampler.h"

struct system {
    struct sampler *gpu; /* NULL: none, which is no loss */
    struct sampler *cpu;
    struct leader leader;
};

/* run: started, its ring in ring_path. */
void system_start(const struct settings *settings, uint64_t run_id, const char *ring_path,
                  struct tocsin *run, struct system *out);
/* From here on nothing is logged. Does not wait. */
void system_cancel(struct system *system);
/* After that. Returns until deadline_ns (monotonic), a second at most. */
void system_stop(struct system *system, int64_t deadline_ns);

#endif
