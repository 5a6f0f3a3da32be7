/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/salvage.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emitter/notice.h"
#include "emitter/orphans.h"
#include "emitter/ringfile.h"
#include "emitter/spooldir.h"
#include "schema/wire/clock.h"

#define LOOK_NS     (200 * CLOCK_NS_PER_MS) /* how often the courier is asked for a collector */
#define PATIENCE_NS (10 * CLOCK_NS_PER_S)
#define STOP_NS     (500 * CLOCK_NS_PER_MS)

struct salvage {
    const struct courier *courier;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool cancel;
    bool quiet;
    struct link_keys keys;
    char endpoints[WIRE_URL_BYTES_MAX + 1];
    char dirs[ORPHANS_RING_DIRS_MAX + 1][PLACE_PATH_BYTES_MAX]; /* the last one: of the spools */
};

static struct timespec mono_in(int64_t ns) {
    const int64_t at_ns = clock_mono_ns() + ns;
    return (struct timespec){.tv_sec = at_ns / CLOCK_NS_PER_S, .tv_nsec = at_ns % CLOCK_NS_PER_S};
}

/* True: a collector is there. False: the run ends. */
static bool wait_for_collector(struct salvage *s) {
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->cancel) && !courier_is_connected(s->courier)) {
        const struct timespec until = mono_in(LOOK_NS);
        pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return !atomic_load(&s->cancel);
}

static const char *given(const char *dir) {
    return dir[0] != '\0' ? dir : NULL;
}

static void *run(void *context) {
    struct salvage *s = context;
    struct orphans_spec spec = {.spool_dir = given(s->dirs[ORPHANS_RING_DIRS_MAX]),
                                .only = s->endpoints,
                                .patience_ns = PATIENCE_NS,
                                .keys = &s->keys,
                                .cancel = &s->cancel,
                                .quiet = s->quiet};
    for (int i = 0; i < ORPHANS_RING_DIRS_MAX; i++) {
        spec.ring_dirs[i] = given(s->dirs[i]);
    }
    pthread_setname_np(pthread_self(), "tocsin-salvage");
    if (wait_for_collector(s)) {
        struct orphans_report report;
        orphans_deliver(&spec, &report);
        if (report.delivered > 0) {
            notice_say(s->quiet, "delivered what %llu earlier run%s left: %llu calls, %llu events",
                       (unsigned long long)report.delivered, report.delivered == 1 ? "" : "s",
                       (unsigned long long)report.calls, (unsigned long long)report.events);
        }
    }
    return NULL;
}

static void copy(const char *text, size_t size, char *out) {
    snprintf(out, size, "%s", text);
}

/* A place that cannot be had is left empty. */
static void find_places(const struct settings *settings, struct salvage *s) {
    char *spools = s->dirs[ORPHANS_RING_DIRS_MAX];
    if (settings->ring_dir != NULL) {
        copy(settings->ring_dir, sizeof s->dirs[0], s->dirs[0]);
    }
    for (int i = 0; settings->ring_dir == NULL && i < RINGFILE_PLACES; i++) {
        if (ringfile_place(i, sizeof s->dirs[i], s->dirs[i], NULL) != ERR_OK) {
            s->dirs[i][0] = '\0';
        }
    }
    if (settings->spool_dir != NULL) {
        copy(settings->spool_dir, sizeof s->dirs[0], spools);
    } else if (spooldir_place(sizeof s->dirs[0], spools, NULL) != ERR_OK) {
        spools[0] = '\0';
    }
}

static void salvage_free(struct salvage *s) {
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    explicit_bzero(&s->keys, sizeof s->keys);
    free(s);
}

/* All signals blocked, as in the courier. */
static int create_thread(struct salvage *s) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

struct salvage *salvage_start(const struct settings *settings, const struct link_keys *keys,
                              const struct courier *courier) {
    struct salvage *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->courier = courier;
    s->keys = *keys;
    s->quiet = settings->quiet;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    copy(settings->endpoints, sizeof s->endpoints, s->endpoints);
    find_places(settings, s);
    if (create_thread(s) != 0) {
        salvage_free(s);
        return NULL;
    }
    return s;
}

/* The courier is looked at under the lock, and not once this is set. */
void salvage_cancel(struct salvage *s) {
    if (s != NULL) {
        pthread_mutex_lock(&s->lock);
        atomic_store(&s->cancel, true);
        pthread_cond_signal(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

void salvage_stop(struct salvage *s) {
    if (s == NULL) {
        return;
    }
    const struct timespec until = mono_in(STOP_NS);
    if (pthread_clockjoin_np(s->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        pthread_detach(s->thread); /* in a name lookup that hangs: what it uses is left alone */
        return;
    }
    salvage_free(s);
}
