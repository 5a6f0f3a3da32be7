/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/hub.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/watch.h"

#define LOOK_NS  (CLOCK_NS_PER_S / 2) /* how soon a stop is seen */
#define AGAIN_NS (5 * CLOCK_NS_PER_S) /* all look again, for a pooler may swallow notifications */
#define AWAY_MS  1000                 /* between two tries to reach a database that is away */

struct hub {
    const char *dsn;
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    uint64_t news;
};

static void tell(struct hub *hub) {
    pthread_mutex_lock(&hub->lock);
    hub->news++;
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

/* Until the connection is gone or the hub stops. */
static void listen_on(struct hub *hub, struct ctx *ctx) {
    int64_t again_ns = clock_mono_ns() + AGAIN_NS;
    struct why why = {""};
    bool notified = false;
    while (!atomic_load(&hub->stopping) &&
           pg_wait(ctx->pg, clock_mono_ns() + LOOK_NS, &notified, &why) == ERR_OK) {
        const int64_t now_ns = clock_mono_ns();
        if (notified || now_ns >= again_ns) {
            tell(hub);
            again_ns = now_ns + AGAIN_NS;
        }
    }
}

static void *run(void *context) {
    struct hub *hub = context;
    while (!atomic_load(&hub->stopping)) {
        struct ctx ctx = {.dsn = hub->dsn};
        if (watch_listen(&ctx, WATCH_RUNS) == EXIT_OK) {
            tell(hub); /* what came while nobody listened */
            listen_on(hub, &ctx);
        } else {
            poll(NULL, 0, AWAY_MS);
        }
        ctx_fini(&ctx);
    }
    return NULL;
}

enum err hub_start(const char *dsn, struct hub **out, struct why *why) {
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        abort();
    }
    hub->dsn = dsn;
    pthread_mutex_init(&hub->lock, NULL);
    pthread_cond_init(&hub->changed, NULL);
    if (pthread_create(&hub->thread, NULL, run, hub) != 0) {
        free(hub);
        return why_set(why, ERR_IO, "the system gives no thread");
    }
    *out = hub;
    return ERR_OK;
}

void hub_stop(struct hub *hub) {
    atomic_store(&hub->stopping, true);
    tell(hub);
    pthread_join(hub->thread, NULL);
}

void hub_free(struct hub *hub) {
    free(hub);
}

/* any: news end it too. */
static bool wait_until(struct hub *hub, uint64_t *seen, bool any, int64_t until_ns) {
    const struct timespec until = {.tv_sec = until_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = until_ns % CLOCK_NS_PER_S};
    pthread_mutex_lock(&hub->lock);
    while (!(any && hub->news != *seen) && !atomic_load(&hub->stopping) &&
           clock_mono_ns() < until_ns) {
        pthread_cond_clockwait(&hub->changed, &hub->lock, CLOCK_MONOTONIC, &until);
    }
    if (any) {
        *seen = hub->news;
    }
    pthread_mutex_unlock(&hub->lock);
    return !atomic_load(&hub->stopping);
}

bool hub_wait(struct hub *hub, uint64_t *seen, int64_t until_ns) {
    return wait_until(hub, seen, true, until_ns);
}

bool hub_pause(struct hub *hub, int64_t until_ns) {
    uint64_t seen = 0; /* nobody asks */
    return wait_until(hub, &seen, false, until_ns);
}
