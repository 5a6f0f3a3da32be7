/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SAMPLER_H
#define EMITTER_SAMPLER_H

/* A thread that reads one source of system metrics every so often and logs what it read. It is not
 * the courier and each source has its own, because a driver may keep it for ever: then what it was
 * asked for is not there, and nothing else is late.
 *
 * Such a thread cannot be stopped, so it must be possible to leave it behind. It touches the run
 * under the sampler's lock only, and not once it is cancelled; the sampler belongs to the run and
 * to the thread, and whoever is done last frees it. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emitter/include/tocsin.h"
#include "emitter/leader.h"
#include "emitter/sample.h"

struct sampler_source {
    const char *thread;  /* its name */
    void *(*open)(void); /* NULL: there is nothing to read */
    void (*read)(void *state, const atomic_bool *cancel, struct sample *out);
    void (*close)(void *state);
};
extern const struct sampler_source sampler_gpu;
extern const struct sampler_source sampler_cpu;

struct sampler;

/* interval_ns: 0 if it reads only when it is asked to; then there is no thread before that. run and
 * leader: borrowed until sampler_cancel(). NULL: out of memory, which is no loss. NULL is fine in
 * all that follows. */
struct sampler *sampler_start(const struct sampler_source *source, int64_t interval_ns,
                              struct tocsin *run, struct leader *leader);

/* Reads and logs once more, on this rank, and waits for it until deadline_ns (monotonic). sampled
 * may be NULL. Errors: TIMEOUT, SYSTEM (no thread or memory). */
enum tocsin_err sampler_ask(struct sampler *sampler, int64_t deadline_ns, tocsin_sampled sampled,
                            void *context);

/* From here on nothing is logged. Does not wait. */
void sampler_cancel(struct sampler *sampler);
/* After that: waits for the thread until deadline_ns, else leaves it behind. The sampler is gone.
 */
void sampler_stop(struct sampler *sampler, int64_t deadline_ns);

#endif
