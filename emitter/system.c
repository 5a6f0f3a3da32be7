/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/system.h"

#include "emitter/run.h"
#include "schema/wire/clock.h"

/* A thread that is cancelled returns after the call it is in. A driver takes milliseconds for it,
 * or it hangs; exit() while it is in there is better avoided, also if the deadline is now. */
#define STOP_MIN_NS (50 * CLOCK_NS_PER_MS)
#define STOP_MAX_NS (1 * CLOCK_NS_PER_S)

#define PATIENCE_DEFAULT_MS 1000
#define PATIENCE_MAX_MS     60000

void system_start(const struct settings *settings, uint64_t run_id, const char *ring_path,
                  struct tocsin *run, struct system *out) {
    leader_init(&out->leader, ring_path, run_id, settings->local_rank);
    out->gpu = sampler_start(&sampler_gpu, settings->gpu_interval_ns, run, &out->leader);
    out->cpu = sampler_start(&sampler_cpu, settings->cpu_interval_ns, run, &out->leader);
}

void system_cancel(struct system *system) {
    sampler_cancel(system->gpu);
    sampler_cancel(system->cpu);
}

void system_stop(struct system *system, int64_t deadline_ns) {
    const int64_t now_ns = clock_mono_ns();
    if (deadline_ns < now_ns + STOP_MIN_NS) {
        deadline_ns = now_ns + STOP_MIN_NS;
    } else if (deadline_ns > now_ns + STOP_MAX_NS) {
        deadline_ns = now_ns + STOP_MAX_NS;
    }
    sampler_stop(system->gpu, deadline_ns);
    sampler_stop(system->cpu, deadline_ns);
    leader_fini(&system->leader);
}

enum tocsin_err tocsin_sample(struct tocsin *run, unsigned what, int64_t patience_ms,
                              tocsin_sampled sampled, void *context) {
    enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (what == 0 || (what & ~(unsigned)(TOCSIN_SAMPLE_GPU | TOCSIN_SAMPLE_CPU)) != 0) {
        return run_refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    if (patience_ms < 0) {
        patience_ms = PATIENCE_DEFAULT_MS;
    } else if (patience_ms > PATIENCE_MAX_MS) {
        patience_ms = PATIENCE_MAX_MS;
    }
    const int64_t deadline_ns = clock_mono_ns() + patience_ms * CLOCK_NS_PER_MS;
    if ((what & TOCSIN_SAMPLE_GPU) != 0) {
        err = sampler_ask(run->system.gpu, deadline_ns, sampled, context);
    }
    if ((what & TOCSIN_SAMPLE_CPU) != 0) {
        const enum tocsin_err cpu = sampler_ask(run->system.cpu, deadline_ns, sampled, context);
        err = err != TOCSIN_OK ? err : cpu;
    }
    return err;
}
