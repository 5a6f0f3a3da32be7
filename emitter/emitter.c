/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/claims.h"
#include "emitter/identity.h"
#include "emitter/keys.h"
#include "emitter/link.h"
#include "emitter/notice.h"
#include "emitter/records.h"
#include "emitter/run.h"
#include "schema/wire/clock.h"

#define EVENTS_RING_BYTES (1024U * 1024)
#define FINISH_DEFAULT_MS 10000
#define FINISH_MAX_MS     (24 * 3600 * 1000)

_Atomic unsigned run_fork_generation;

static void after_fork_in_child(void) {
    atomic_fetch_add_explicit(&run_fork_generation, 1, memory_order_relaxed);
    link_after_fork_in_child();
}

static void watch_forks(void) {
    pthread_atfork(link_before_fork, link_after_fork, after_fork_in_child);
}

static const struct {
    enum err err;
    enum tocsin_err public;
} public_errs[] = {
    {ERR_OK, TOCSIN_OK},
    {ERR_VALUE, TOCSIN_ERR_ARGUMENT},
    {ERR_UTF8, TOCSIN_ERR_NAME},
    {ERR_TOO_LONG, TOCSIN_ERR_TOO_LONG},
    {ERR_CONFIG, TOCSIN_ERR_CONFIG},
};

static enum tocsin_err public_err(enum err err) {
    for (size_t i = 0; i < sizeof public_errs / sizeof public_errs[0]; i++) {
        if (public_errs[i].err == err) {
            return public_errs[i].public;
        }
    }
    return TOCSIN_ERR_SYSTEM;
}

/* Start */

static void fill_hello(const struct settings *settings, const struct identity *identity,
                       struct wire_hello *out) {
    *out = (struct wire_hello){
        .producer = identity->producer,
        .run_id = identity->run_id,
        .rank = settings->rank,
        .world_size = settings->world_size,
        .resume = (enum wire_resume)settings->resume,
        .started_ns = settings->started_ns != 0 ? settings->started_ns : clock_wall_ns(),
        .pid = (uint32_t)getpid(),
        .project = str_of(settings->project),
        .name = str_of(settings->name != NULL ? settings->name : identity->name),
        .group = str_of(settings->group),
        .client = str_of("libtocsin/" TOCSIN_VERSION_TEXT),
        .config = str_of(settings->config),
    };
}

/* Host and user are for people: what cannot be had, or is no text, is left out. */
static struct str text_or_nothing(const char *text) {
    const struct str s = str_of(text);
    return str_is_text(s) && s.len <= WIRE_NAME_BYTES_MAX ? s : (struct str){0};
}

static enum err encode_hello(const struct settings *settings, const struct identity *identity,
                             struct wire_hello *out_hello, struct buf *out_frame) {
    static _Thread_local char host[WIRE_NAME_BYTES_MAX + 1]; /* out_hello borrows it */
    fill_hello(settings, identity, out_hello);
    host[0] = '\0';
    gethostname(host, sizeof host - 1);
    out_hello->host = text_or_nothing(host);
    out_hello->user = text_or_nothing(getenv("USER"));
    return wire_encode_hello(out_hello, out_frame);
}

static void free_run(struct tocsin *run, bool keep_file) {
    backlog_close(&run->backlog, NULL, false); /* if the courier has not */
    if (run->file.header != NULL) {
        ringfile_close(&run->file, keep_file);
    }
    keysets_free(run->keysets);
    if (run->is_claimed) {
        claims_remove(&run->stream);
    }
    free(run);
}

static enum err open_file(struct tocsin *run, const struct settings *settings,
                          const struct wire_hello *hello, const struct buf *frame,
                          struct why *why) {
    const struct ringfile_spec spec = {
        .dir = settings->ring_dir,
        .producer = hello->producer,
        .hello = frame,
        .endpoints = settings->endpoints,
        .spool_dir = backlog_dir(&run->backlog),
        .ring_bytes =
            {[WIRE_LANE_EVENTS] = EVENTS_RING_BYTES, [WIRE_LANE_METRICS] = settings->ring_bytes},
    };
    enum err err = ringfile_create(&spec, &run->file, why);
    if (err == ERR_OK) {
        run->metrics = &run->file.rings[WIRE_LANE_METRICS];
        run->events = &run->file.rings[WIRE_LANE_EVENTS];
        run->keysets = keysets_new(run->file.keysets);
    }
    return err == ERR_OK && run->keysets == NULL ? why_set(why, ERR_MEMORY, "out of memory") : err;
}

static enum err start_with(struct tocsin *run, const struct settings *settings,
                           const struct link_keys *keys, struct buf *frame, struct why *why) {
    struct identity identity;
    struct wire_hello hello;
    struct endpoints endpoints;
    struct backlog_spec spool = {.dir = settings->spool_dir,
                                 .limit_bytes = settings->spool_bytes,
                                 .endpoints = settings->endpoints,
                                 .ring_path = run->file.path,
                                 .quiet = settings->quiet};
    if (identity_make(settings, &identity) != ERR_OK) {
        return why_set(why, ERR_IO, "the kernel has no random numbers yet");
    }
    enum err err = endpoints_parse(settings->endpoints, identity.run_id, &endpoints, why);
    if (err == ERR_OK && encode_hello(settings, &identity, &hello, frame) != ERR_OK) {
        err = why_set(why, ERR_IO, "cannot describe the run");
    }
    if (err == ERR_OK) {
        run->stream = identity.producer;
        run->is_claimed = claims_add(&run->stream);
        backlog_open(&run->backlog, &identity.producer, &spool);
        err = open_file(run, settings, &hello, frame, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    memcpy(run->name, hello.name.ptr, hello.name.len);
    const struct courier_spec spec = {.file = &run->file,
                                      .keysets = run->keysets,
                                      .hello = &hello,
                                      .endpoints = &endpoints,
                                      .backlog = &run->backlog,
                                      .spool = &spool,
                                      .keys = keys,
                                      .quiet = settings->quiet};
    err = courier_start(&spec, &run->courier, why);
    if (err == ERR_OK && run->is_claimed) {
        run->salvage = salvage_start(settings, keys, run->courier);
    }
    if (err == ERR_OK) {
        system_start(settings, identity.run_id, run->file.path, run, &run->system);
    }
    if (err == ERR_OK && settings->rank == 0) {
        notice_say(settings->quiet, "run %s of project %s, %u rank%s", run->name, settings->project,
                   settings->world_size, settings->world_size == 1 ? "" : "s");
    }
    return err;
}

static enum err start(const struct settings *settings, struct tocsin **out_run, struct why *why) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    struct tocsin *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return why_set(why, ERR_MEMORY, "out of memory");
    }
    run->generation = atomic_load(&run_fork_generation);
    run->quiet = settings->quiet;
    run->webhook = settings->webhook;
    atomic_init(&run->highest_step, -1);
    struct buf frame;
    buf_init(&frame, WIRE_FRAME_BYTES_MAX);
    struct link_keys keys = {.server = ""};
    enum err err = keys_read(settings->server_key, settings->key_file, &keys, why);
    if (err == ERR_OK) {
        err = start_with(run, settings, &keys, &frame, why);
    }
    explicit_bzero(&keys, sizeof keys);
    buf_fini(&frame);
    if (err != ERR_OK) {
        free_run(run, false);
        return err;
    }
    *out_run = run;
    return ERR_OK;
}

enum tocsin_err tocsin_start(const struct tocsin_options *options, struct tocsin **out_run) {
    struct settings settings;
    struct why why = {""};
    if (options == NULL || out_run == NULL) {
        return TOCSIN_ERR_ARGUMENT;
    }
    *out_run = NULL;
    enum err err = options_resolve(options, &settings, &why);
    if (err == ERR_OK) {
        err = start(&settings, out_run, &why);
    }
    if (err != ERR_OK) {
        notice_say(settings.quiet, "not started, training goes on without it: %s", why.text);
    }
    return public_err(err);
}

/* Finish */

static const struct {
    enum tocsin_err err;
    const char *why;
} endings[] = {
    [COURIER_DELIVERED] = {TOCSIN_OK, NULL},
    [COURIER_LATE] = {TOCSIN_ERR_TIMEOUT, "were not acknowledged in time"},
    [COURIER_REFUSED] = {TOCSIN_ERR_REFUSED, "were refused by the collector"},
    [COURIER_STUCK] = {TOCSIN_ERR_TIMEOUT, "were not acknowledged in time"},
};

static uint64_t waiting(const struct tocsin *run, enum wire_lane lane) {
    const struct ringfile_lane *file = &run->file.header->lanes[lane];
    return atomic_load(&file->shared.emitted) - atomic_load(&file->shared.dropped) -
           atomic_load(&file->lost_calls) - atomic_load(&file->acked_calls);
}

static void say_undelivered(const struct tocsin *run, const char *why, const char *where) {
    notice_say(run->quiet,
               "%llu calls and %llu events of run %s %s; they wait in %s for the next "
               "run or `tocsin ship`",
               (unsigned long long)waiting(run, WIRE_LANE_METRICS),
               (unsigned long long)waiting(run, WIRE_LANE_EVENTS), run->name, why, where);
}

static enum tocsin_err end(struct tocsin **run_at, enum wire_ending ending, int64_t time_ns,
                           int64_t deadline_ms) {
    if (run_at == NULL || *run_at == NULL) {
        return TOCSIN_OK;
    }
    struct tocsin *run = *run_at;
    *run_at = NULL;
    if (run->generation != atomic_load(&run_fork_generation)) {
        return TOCSIN_ERR_FORKED; /* the parent's: nothing of it is touched, not even freed */
    }
    if (deadline_ms < 0) {
        deadline_ms = FINISH_DEFAULT_MS;
    } else if (deadline_ms > FINISH_MAX_MS) {
        deadline_ms = FINISH_MAX_MS;
    }
    const int64_t deadline_ns = clock_mono_ns() + deadline_ms * CLOCK_NS_PER_MS;
    system_cancel(&run->system);
    atomic_store(&run->finishing, true);
    const struct wire_finish finish = {.ending = ending, .time_ns = time_ns};
    run_count_emitted(run->events);
    if (run_account(run->events, records_push_finish(run->events, finish)) != TOCSIN_OK) {
        notice_say(run->quiet, "no room left to record the end of run %s", run->name);
    }
    salvage_cancel(run->salvage);
    bool spooled;
    const enum courier_end how = courier_stop(run->courier, deadline_ns, &spooled);
    salvage_stop(run->salvage);
    system_stop(&run->system, deadline_ns);
    if (how != COURIER_DELIVERED) {
        say_undelivered(run, endings[how].why,
                        spooled ? run->file.texts->spool_dir : run->file.path);
    }
    if (how != COURIER_STUCK) {
        free_run(run, how != COURIER_DELIVERED && !spooled);
    }
    return endings[how].err;
}

enum tocsin_err tocsin_finish(struct tocsin **run, int64_t deadline_ms) {
    return end(run, WIRE_ENDING_FINISHED, clock_wall_ns(), deadline_ms);
}

enum tocsin_err tocsin_fail(struct tocsin **run, int64_t deadline_ms) {
    return end(run, WIRE_ENDING_FAILED, clock_wall_ns(), deadline_ms);
}

enum tocsin_err tocsin_finish_at(struct tocsin **run, int64_t time_ns, int64_t deadline_ms) {
    return time_ns < TOCSIN_TIME_NS_MIN ? TOCSIN_ERR_ARGUMENT
                                        : end(run, WIRE_ENDING_FINISHED, time_ns, deadline_ms);
}

/* Facts */

enum tocsin_err tocsin_get_stats(struct tocsin *run, struct tocsin_stats *out) {
    const enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK || out == NULL) {
        return err != TOCSIN_OK ? err : TOCSIN_ERR_ARGUMENT;
    }
    const struct tocsin_stats stats = {
        .size = out->size,
        .emitted = atomic_load(&run->metrics->shared->emitted),
        .dropped = atomic_load(&run->metrics->shared->dropped) +
                   atomic_load(&run->file.header->lanes[WIRE_LANE_METRICS].lost_calls),
        .refused = atomic_load(&run->refused),
        .acknowledged = atomic_load(&run->file.header->lanes[WIRE_LANE_METRICS].acked_calls),
        .alerts = atomic_load(&run->alerts),
        .connected = courier_is_connected(run->courier),
        .events_waiting = waiting(run, WIRE_LANE_EVENTS),
    };
    memcpy(out, &stats, out->size < sizeof stats ? out->size : sizeof stats);
    return TOCSIN_OK;
}

const char *tocsin_run_name(const struct tocsin *run) {
    return run != NULL ? run->name : "";
}

const char *tocsin_version(void) {
    return TOCSIN_VERSION_TEXT;
}

static const char *const texts[] = {
    [TOCSIN_OK] = "ok",
    [TOCSIN_ERR_ARGUMENT] = "an argument is missing or out of range",
    [TOCSIN_ERR_NAME] = "a name is empty, longer than 255 bytes, or not UTF-8 text",
    [TOCSIN_ERR_TOO_LONG] = "too many columns or too many bytes",
    [TOCSIN_ERR_FULL] = "the ring is full, the call was dropped and counted",
    [TOCSIN_ERR_FORKED] = "the run belongs to the parent process",
    [TOCSIN_ERR_FINISHED] = "the run is finished",
    [TOCSIN_ERR_SYSTEM] = "memory, a file, a thread or a socket could not be had",
    [TOCSIN_ERR_CONFIG] = "an option or environment variable has a bad value",
    [TOCSIN_ERR_TIMEOUT] = "the deadline passed before everything was acknowledged",
    [TOCSIN_ERR_REFUSED] = "the collector refused this run",
};

const char *tocsin_strerror(enum tocsin_err err) {
    const size_t i = (size_t)err;
    return i < sizeof texts / sizeof texts[0] && texts[i] != NULL ? texts[i] : "unknown error";
}
