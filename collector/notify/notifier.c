/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/notifier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "collector/counters.h"
#include "collector/log.h"
#include "collector/notify/outbox.h"
#include "collector/notify/post.h"
#include "collector/notify/settle.h"
#include "collector/session.h"
#include "collector_sql.h"
#include "schema/db/pg.h"
#include "schema/wire/clock.h"

#define LOOK_MS       1000 /* other collectors and people add to the tables */
#define AGAIN_MS      200  /* after PostgreSQL failed */
#define COUNT_NS      (5 * CLOCK_NS_PER_S)
#define STOPPING_MS   100
#define ENDPOINTS_MAX 64 /* looked at in one turn */

struct result { /* of a post, to be written down */
    struct outbox_message *message;
    struct settle_result result;
};

struct notifier {
    const struct settings *settings;
    struct poster *poster;
    struct pg *pg;
    bool stale; /* PostgreSQL failed the latest turn */
    struct result results[POST_MAX];
    size_t results_n;
    int64_t count_ns; /* when the gauges are due */
    atomic_bool stopping;
    _Atomic int64_t give_up_ns;
    pthread_t thread;
};

static void collect_results(struct notifier *notifier) {
    while (notifier->results_n < POST_MAX) {
        struct result *result = &notifier->results[notifier->results_n];
        if (!poster_next_done(notifier->poster, &result->message, &result->result)) {
            return;
        }
        notifier->results_n++;
    }
}

static void drop_results(struct notifier *notifier) {
    while (notifier->results_n > 0) {
        outbox_message_free(notifier->results[--notifier->results_n].message);
    }
}

static enum err settle_results(struct notifier *notifier, struct why *why) {
    while (notifier->results_n > 0) {
        struct result *result = &notifier->results[notifier->results_n - 1];
        const enum err err = settle_message(notifier->pg, result->message, &result->result,
                                            notifier->settings->group_wait_ms, why);
        if (err != ERR_OK) {
            return err;
        }
        outbox_message_free(result->message);
        notifier->results_n--;
    }
    return ERR_OK;
}

/* Posts what is due. *out_wait_ms: until the next is. */
static enum err look(struct notifier *notifier, int64_t *out_wait_ms, struct why *why) {
    struct outbox_due due[ENDPOINTS_MAX];
    size_t n = 0;
    *out_wait_ms = LOOK_MS;
    enum err err = outbox_list_due(notifier->pg, ENDPOINTS_MAX, due, &n, why);
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        if (due[i].wait_ms > 0) {
            *out_wait_ms = due[i].wait_ms < LOOK_MS ? due[i].wait_ms : LOOK_MS;
            break;
        }
        struct outbox_message *message = NULL;
        if (poster_room(notifier->poster) > 0) {
            err = outbox_next(notifier->pg, due[i].endpoint_id, notifier->settings->dashboard_url,
                              &message, why);
        }
        if (message) {
            poster_start(notifier->poster, message);
        }
    }
    return err;
}

static enum err count(struct notifier *notifier, struct why *why) {
    struct pg_rows *rows = NULL;
    if (clock_mono_ns() < notifier->count_ns) {
        return ERR_OK;
    }
    const enum err err =
        pg_prepared(notifier->pg, "count_waiting", sql_count_waiting, 0, NULL, &rows, why);
    if (err == ERR_OK) {
        counters_set(COUNTER_deliveries_waiting, pg_int(rows, 0, 0));
        counters_set(COUNTER_messages_waiting, pg_int(rows, 0, 1));
        pg_rows_free(rows);
        notifier->count_ns = clock_mono_ns() + COUNT_NS;
    }
    return err;
}

static enum err work(struct notifier *notifier, int64_t *out_wait_ms, struct why *why) {
    enum err err = session_ensure(notifier->settings->dsn, "tocsind notifier", &notifier->pg, why);
    if (err == ERR_OK) {
        err = settle_results(notifier, why);
    }
    if (err == ERR_OK && !atomic_load(&notifier->stopping)) {
        err = look(notifier, out_wait_ms, why);
    }
    return err == ERR_OK ? count(notifier, why) : err;
}

/* Whatever failed, the next turn begins with a new connection, which ends the transaction of this
 * one. A collision with another collector is nothing to tell; the rest is told once. */
static void note_health(struct notifier *notifier, enum err err, const struct why *why) {
    if (err != ERR_OK) {
        session_drop(&notifier->pg);
    }
    const bool stale = err != ERR_OK && err != ERR_DB_RETRY;
    if (stale && !notifier->stale) {
        log_line(LOG_WARN, "webhooks_wait", why->text, "%s", "");
    } else if (!stale && notifier->stale) {
        log_line(LOG_INFO, "webhooks_go_on", NULL, "%s", "");
    }
    notifier->stale = stale;
}

static bool is_done(const struct notifier *notifier) {
    const bool idle = notifier->results_n == 0 && poster_room(notifier->poster) == POST_MAX;
    return atomic_load(&notifier->stopping) &&
           (idle || clock_mono_ns() >= atomic_load(&notifier->give_up_ns));
}

static void *run(void *context) {
    struct notifier *notifier = context;
    pthread_setname_np(pthread_self(), "notifier");
    while (!is_done(notifier)) {
        struct why why = {""};
        int64_t wait_ms = STOPPING_MS;
        collect_results(notifier);
        const enum err err = work(notifier, &wait_ms, &why);
        note_health(notifier, err, &why);
        poster_wait(notifier->poster, err == ERR_OK ? wait_ms : AGAIN_MS);
    }
    return NULL;
}

static void notifier_free(struct notifier *notifier) {
    drop_results(notifier);
    poster_free(notifier->poster);
    session_drop(&notifier->pg);
    free(notifier);
}

static enum err open_all(struct notifier *notifier, struct why *why) {
    const struct settings *settings = notifier->settings;
    enum err err = poster_new(settings, &notifier->poster, why);
    if (err == ERR_OK) {
        err = session_ensure(settings->dsn, "tocsind notifier", &notifier->pg, why);
    }
    return err == ERR_OK ? outbox_add_endpoints(notifier->pg, settings->webhook_url,
                                                settings->webhook_least_level, why)
                         : err;
}

enum err notifier_start(const struct settings *settings, struct notifier **out, struct why *why) {
    struct notifier *notifier = calloc(1, sizeof *notifier);
    if (!notifier) {
        abort();
    }
    notifier->settings = settings;
    enum err err = open_all(notifier, why);
    if (err == ERR_OK && pthread_create(&notifier->thread, NULL, run, notifier) != 0) {
        err = why_set(why, ERR_MEMORY, "cannot start a thread; raise the limit of processes");
    }
    if (err != ERR_OK) {
        notifier_free(notifier);
        return err;
    }
    *out = notifier;
    return ERR_OK;
}

void notifier_wake(struct notifier *notifier) {
    poster_wake(notifier->poster);
}

bool notifier_stop(struct notifier *notifier, int64_t deadline_ns) {
    const struct timespec deadline = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                      .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    if (!notifier) {
        return true;
    }
    atomic_store(&notifier->give_up_ns, deadline_ns - STOPPING_MS * CLOCK_NS_PER_MS);
    atomic_store(&notifier->stopping, true);
    poster_wake(notifier->poster);
    if (pthread_clockjoin_np(notifier->thread, NULL, CLOCK_MONOTONIC, &deadline) != 0) {
        return false;
    }
    notifier_free(notifier);
    return true;
}
