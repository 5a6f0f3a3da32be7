/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/sampler.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/nvml.h"
#include "emitter/procfs.h"
#include "schema/wire/clock.h"

#define FIRST_NS (1 * CLOCK_NS_PER_S) /* after the start, if the interval is longer */

static void *open_gpu(void) {
    return nvml_open(NVML_LIBRARY);
}

static void read_gpu(void *state, const atomic_bool *cancel, struct sample *out) {
    nvml_read(state, cancel, out);
}

static void close_gpu(void *state) {
    nvml_close(state);
}

static void *open_cpu(void) {
    return procfs_open("");
}

static void read_cpu(void *state, const atomic_bool *cancel, struct sample *out) {
    procfs_read(state, cancel, out);
}

static void close_cpu(void *state) {
    procfs_close(state);
}

const struct sampler_source sampler_gpu = {"tocsin-gpu", open_gpu, read_gpu, close_gpu};
const struct sampler_source sampler_cpu = {"tocsin-cpu", open_cpu, read_cpu, close_cpu};

struct sampler {
    const struct sampler_source *source;
    int64_t interval_ns;
    pthread_t thread;
    atomic_int owners;
    atomic_bool cancel; /* set under the lock, read by the source without */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    struct tocsin *run; /* neither is touched after cancel */
    struct leader *leader;
    bool has_thread;
    bool is_over; /* the thread reads nothing more */
    uint64_t asked;
    uint64_t answered;
    struct sample *sample; /* names below shown_n stay as they are; the rest is the thread's */
    size_t shown_n;
    double shown[SAMPLE_MAX];
};

/* By the run and by the thread: whoever is last. */
static void release(struct sampler *s) {
    if (atomic_fetch_sub(&s->owners, 1) == 1) {
        pthread_cond_destroy(&s->changed);
        pthread_mutex_destroy(&s->lock);
        sample_free(s->sample);
        free(s);
    }
}

/* The thread */

/* Waits until it is time, or somebody asks. out_asked: up to which question this round answers.
 * False: it is over. */
static bool wait_for_turn(struct sampler *s, int64_t at_ns, uint64_t *out_asked) {
    const struct timespec until = {.tv_sec = at_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = at_ns % CLOCK_NS_PER_S};
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->cancel) && s->asked == s->answered && clock_mono_ns() < at_ns) {
        pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until);
    }
    *out_asked = s->asked;
    const bool goes_on = !atomic_load(&s->cancel);
    pthread_mutex_unlock(&s->lock);
    return goes_on;
}

/* On a rank that does not lead only what was asked for is read. */
static bool is_wanted(struct sampler *s, uint64_t asked) {
    pthread_mutex_lock(&s->lock);
    const bool wanted = !atomic_load(&s->cancel) && (asked > s->answered || leader_take(s->leader));
    pthread_mutex_unlock(&s->lock);
    return wanted;
}

/* What cannot be logged, because the ring is full, is counted there. */
static void publish(struct sampler *s, uint64_t asked) {
    pthread_mutex_lock(&s->lock);
    s->shown_n = s->sample->n;
    memcpy(s->shown, s->sample->values, s->shown_n * sizeof s->shown[0]);
    if (!atomic_load(&s->cancel) && sample_is_known(s->sample)) {
        (void)tocsin_log_system(s->run, s->shown_n, (const char *const *)s->sample->names,
                                s->shown);
    }
    s->answered = asked;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void read_until_cancelled(struct sampler *s, void *state) {
    int64_t at_ns =
        s->interval_ns > 0 ? clock_mono_ns() + least(FIRST_NS, s->interval_ns) : INT64_MAX;
    uint64_t asked;
    while (wait_for_turn(s, at_ns, &asked)) {
        if (is_wanted(s, asked)) {
            sample_begin(s->sample);
            s->source->read(state, &s->cancel, s->sample);
            publish(s, asked);
        }
        /* From now and not from when it was due: after a long call it is not made up for. */
        at_ns = s->interval_ns > 0 ? clock_mono_ns() + s->interval_ns : INT64_MAX;
    }
}

static void *run(void *context) {
    struct sampler *s = context;
    pthread_setname_np(pthread_self(), s->source->thread);
    void *state = s->source->open();
    if (state != NULL) {
        read_until_cancelled(s, state);
    }
    pthread_mutex_lock(&s->lock);
    s->is_over = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (state != NULL) {
        s->source->close(state);
    }
    release(s);
    return NULL;
}

/* All signals blocked, as in the courier. Under the lock. */
static bool start_thread(struct sampler *s) {
    sigset_t all;
    sigset_t before;
    if (s->sample == NULL) {
        s->sample = sample_new();
    }
    if (s->sample == NULL) {
        return false;
    }
    atomic_fetch_add(&s->owners, 1);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->has_thread = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!s->has_thread) {
        atomic_fetch_sub(&s->owners, 1);
    }
    return s->has_thread;
}

/* The run */

struct sampler *sampler_start(const struct sampler_source *source, int64_t interval_ns,
                              struct tocsin *run_of_it, struct leader *leader) {
    struct sampler *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->source = source;
    s->interval_ns = interval_ns;
    s->run = run_of_it;
    s->leader = leader;
    atomic_init(&s->owners, 1);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    pthread_mutex_lock(&s->lock);
    const bool started = interval_ns == 0 || start_thread(s);
    pthread_mutex_unlock(&s->lock);
    if (!started) {
        release(s);
        return NULL;
    }
    return s;
}

/* Under the lock. */
static enum tocsin_err wait_for_answer(struct sampler *s, int64_t deadline_ns) {
    const struct timespec until = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    const uint64_t question = ++s->asked;
    pthread_cond_broadcast(&s->changed);
    while (!s->is_over && s->answered < question) {
        if (clock_mono_ns() >= deadline_ns) {
            return TOCSIN_ERR_TIMEOUT;
        }
        pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until);
    }
    return TOCSIN_OK;
}

enum tocsin_err sampler_ask(struct sampler *s, int64_t deadline_ns, tocsin_sampled sampled,
                            void *context) {
    double values[SAMPLE_MAX];
    if (s == NULL) {
        return TOCSIN_ERR_SYSTEM;
    }
    pthread_mutex_lock(&s->lock);
    enum tocsin_err err = TOCSIN_ERR_SYSTEM;
    if (s->has_thread || start_thread(s)) {
        err = wait_for_answer(s, deadline_ns);
    }
    const size_t n = err == TOCSIN_OK ? s->shown_n : 0;
    memcpy(values, s->shown, n * sizeof values[0]);
    pthread_mutex_unlock(&s->lock);
    /* Without the lock: who knows what it waits for. */
    if (n > 0 && sampled != NULL) {
        sampled(context, n, (const char *const *)s->sample->names, values);
    }
    return err;
}

void sampler_cancel(struct sampler *s) {
    if (s != NULL) {
        pthread_mutex_lock(&s->lock);
        atomic_store(&s->cancel, true);
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

void sampler_stop(struct sampler *s, int64_t deadline_ns) {
    if (s == NULL) {
        return;
    }
    const struct timespec until = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    if (s->has_thread && pthread_clockjoin_np(s->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        pthread_detach(s->thread);
    }
    release(s);
}
