/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/include/tocsin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/courier.h"
#include "emitter/identity.h"
#include "emitter/keysets.h"
#include "emitter/notice.h"
#include "emitter/records.h"
#include "schema/wire/clock.h"

#define EVENTS_RING_BYTES (1024U * 1024)
#define FINISH_DEFAULT_MS 10000
#define FINISH_MAX_MS     (24 * 3600 * 1000)
#define ELLIPSIS          "..."

struct tocsin {
    /* Read by every call, written at start only. */
    unsigned generation;
    bool quiet;
    struct ring *metrics; /* into file.rings */
    struct ring *events;
    struct keysets *keysets;
    struct courier *courier;
    struct ringfile file;
    char name[WIRE_NAME_BYTES_MAX + 1];

    atomic_bool finishing;
    _Atomic int64_t highest_step; /* -1: none yet */
    _Atomic uint64_t refused;
    _Atomic uint64_t alerts;
};

/* How often this process is a fork of a fork: a run belongs to the process that started it. One
 * load instead of a getpid() of 150 ns in every call. */
static _Atomic unsigned fork_generation;

static void count_fork(void) {
    atomic_fetch_add_explicit(&fork_generation, 1, memory_order_relaxed);
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, count_fork);
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

static enum tocsin_err check_run(const struct tocsin *run) {
    if (run == NULL) {
        return TOCSIN_ERR_ARGUMENT;
    }
    if (run->generation != atomic_load_explicit(&fork_generation, memory_order_relaxed)) {
        return TOCSIN_ERR_FORKED;
    }
    return atomic_load_explicit(&run->finishing, memory_order_relaxed) ? TOCSIN_ERR_FINISHED
                                                                       : TOCSIN_OK;
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
        .started_ns = clock_wall_ns(),
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
    if (run->file.header != NULL) {
        ringfile_close(&run->file, keep_file);
    }
    keysets_free(run->keysets);
    free(run);
}

static enum err open_file(struct tocsin *run, const struct settings *settings,
                          const struct wire_hello *hello, const struct buf *frame,
                          struct why *why) {
    const struct ringfile_spec spec = {
        .dir = settings->ring_dir,
        .producer = hello->producer,
        .hello = frame,
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

static enum err start_with(struct tocsin *run, const struct settings *settings, struct buf *frame,
                           struct why *why) {
    struct identity identity;
    struct wire_hello hello;
    struct endpoints endpoints;
    if (identity_make(settings, &identity) != ERR_OK) {
        return why_set(why, ERR_IO, "the kernel has no random numbers yet");
    }
    enum err err = endpoints_parse(settings->endpoints, identity.run_id, &endpoints, why);
    if (err == ERR_OK && encode_hello(settings, &identity, &hello, frame) != ERR_OK) {
        err = why_set(why, ERR_IO, "cannot describe the run");
    }
    if (err == ERR_OK) {
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
                                      .quiet = settings->quiet};
    err = courier_start(&spec, &run->courier, why);
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
    run->generation = atomic_load(&fork_generation);
    run->quiet = settings->quiet;
    atomic_init(&run->highest_step, -1);
    struct buf frame;
    buf_init(&frame, WIRE_FRAME_BYTES_MAX);
    enum err err = start_with(run, settings, &frame, why);
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

/* Keysets and calls */

static enum tocsin_err refuse(struct tocsin *run, enum tocsin_err err) {
    atomic_fetch_add_explicit(&run->refused, 1, memory_order_relaxed);
    return err;
}

static enum tocsin_err check_names(size_t n, const char *const *names) {
    size_t bytes = 0;
    if (n == 0) {
        return TOCSIN_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < n; i++) {
        const struct str name = str_of(names[i]);
        if (name.len == 0 || name.len > WIRE_NAME_BYTES_MAX || !str_is_text(name)) {
            return TOCSIN_ERR_NAME;
        }
        bytes += name.len;
    }
    return bytes > WIRE_KEYSET_NAMES_BYTES_MAX ? TOCSIN_ERR_TOO_LONG : TOCSIN_OK;
}

/* The handle of these names, made if it is new. Only new names are checked: a known hash has
 * passed before. */
static enum tocsin_err find_keyset(struct tocsin *run, enum wire_series kind, size_t n,
                                   const char *const *names, uint32_t *out_handle) {
    if (n > WIRE_KEYSET_COLUMNS_MAX) {
        return refuse(run, TOCSIN_ERR_TOO_LONG);
    }
    if (keysets_find(run->keysets, keysets_id(kind, n, names), out_handle)) {
        return TOCSIN_OK;
    }
    const enum tocsin_err bad = check_names(n, names);
    if (bad != TOCSIN_OK) {
        return refuse(run, bad);
    }
    return keysets_add(run->keysets, kind, n, names, out_handle) == ERR_OK
               ? TOCSIN_OK
               : refuse(run, TOCSIN_ERR_TOO_LONG);
}

enum tocsin_err tocsin_prepare(struct tocsin *run, size_t n, const char *const *names,
                               tocsin_keyset *out_keyset) {
    const enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (names == NULL || out_keyset == NULL) {
        return refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    return find_keyset(run, WIRE_SERIES_METRIC, n, names, out_keyset);
}

/* A call is counted before it can be read: a batch must not hold more than its totals say. */
static void count_emitted(struct ring *ring) {
    atomic_fetch_add_explicit(&ring->shared->emitted, 1, memory_order_relaxed);
}

static enum tocsin_err account(struct ring *ring, bool stored) {
    if (stored) {
        return TOCSIN_OK;
    }
    atomic_fetch_add_explicit(&ring->shared->dropped, 1, memory_order_release);
    return TOCSIN_ERR_FULL;
}

static int64_t take_step(struct tocsin *run, int64_t step) {
    if (step == TOCSIN_STEP_AUTO) {
        return atomic_fetch_add_explicit(&run->highest_step, 1, memory_order_relaxed) + 1;
    }
    int64_t highest = atomic_load_explicit(&run->highest_step, memory_order_relaxed);
    while (step > highest &&
           !atomic_compare_exchange_weak_explicit(&run->highest_step, &highest, step,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    return step;
}

static enum tocsin_err push_call(struct tocsin *run, const struct records_call *call,
                                 const double *values) {
    count_emitted(run->metrics);
    return account(run->metrics, records_push_call(run->metrics, *call, values));
}

enum tocsin_err tocsin_log(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                           const double *values) {
    const enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    const struct keysets_entry *entry = keysets_get(run->keysets, keyset);
    if (values == NULL || entry == NULL || entry->kind != WIRE_SERIES_METRIC) {
        return refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    const struct records_call call = {.keyset = keyset,
                                      .columns = entry->columns,
                                      .step = take_step(run, step),
                                      .time_ns = clock_wall_ns()};
    return push_call(run, &call, values);
}

enum tocsin_err tocsin_log_named(struct tocsin *run, int64_t step, size_t n,
                                 const char *const *names, const double *values) {
    enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (names == NULL || values == NULL) {
        return refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    uint32_t handle;
    err = find_keyset(run, WIRE_SERIES_METRIC, n, names, &handle);
    return err == TOCSIN_OK ? tocsin_log(run, handle, step, values) : err;
}

enum tocsin_err tocsin_log_system(struct tocsin *run, size_t n, const char *const *names,
                                  const double *values) {
    enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (names == NULL || values == NULL) {
        return refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    uint32_t handle;
    err = find_keyset(run, WIRE_SERIES_SYSTEM, n, names, &handle);
    if (err != TOCSIN_OK) {
        return err;
    }
    const int64_t now_ns = clock_wall_ns();
    const struct records_call call = {
        .keyset = handle, .columns = (uint32_t)n, .step = now_ns / 1000, .time_ns = now_ns};
    return push_call(run, &call, values);
}

/* Events */

/* The text, or its beginning up to a code point with "..." behind it in out[max]. */
static struct str cut(struct str text, size_t max, char *out) {
    if (text.len <= max) {
        return text;
    }
    size_t len = max - strlen(ELLIPSIS);
    while (len > 0 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    memcpy(out, text.ptr, len);
    memcpy(out + len, ELLIPSIS, strlen(ELLIPSIS));
    return (struct str){.ptr = out, .len = len + strlen(ELLIPSIS)};
}

static enum tocsin_err check_alert(enum tocsin_level level, const char *title, const char *text,
                                   const char *webhook_url) {
    if (title == NULL || title[0] == '\0' || (int)level < TOCSIN_INFO || level > TOCSIN_ERROR) {
        return TOCSIN_ERR_ARGUMENT;
    }
    if (!str_is_text(str_of(title)) || !str_is_text(str_of(text)) ||
        !str_is_text(str_of(webhook_url))) {
        return TOCSIN_ERR_NAME;
    }
    return str_of(webhook_url).len > WIRE_URL_BYTES_MAX ? TOCSIN_ERR_TOO_LONG : TOCSIN_OK;
}

static int64_t alert_step(const struct tocsin *run, int64_t step) {
    if (step != TOCSIN_STEP_NONE) {
        return step;
    }
    const int64_t highest = atomic_load_explicit(&run->highest_step, memory_order_relaxed);
    return highest >= 0 ? highest : WIRE_STEP_NONE;
}

enum tocsin_err tocsin_alert(struct tocsin *run, enum tocsin_level level, const char *title,
                             const char *text, int64_t step, const char *webhook_url) {
    enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    err = check_alert(level, title, text, webhook_url);
    if (err != TOCSIN_OK) {
        return refuse(run, err);
    }
    char title_cut[WIRE_TITLE_BYTES_MAX];
    char text_cut[WIRE_TEXT_BYTES_MAX];
    const struct wire_alert alert = {.level = (enum wire_level)level,
                                     .title = cut(str_of(title), sizeof title_cut, title_cut),
                                     .text = cut(str_of(text), sizeof text_cut, text_cut),
                                     .step = alert_step(run, step),
                                     .time_ns = clock_wall_ns(),
                                     .webhook_url = str_of(webhook_url)};
    atomic_fetch_add_explicit(&run->alerts, 1, memory_order_relaxed);
    count_emitted(run->events);
    err = account(run->events, records_push_alert(run->events, &alert));
    courier_wake(run->courier);
    notice_alert(run->quiet, &alert);
    return err;
}

enum tocsin_err tocsin_set_config(struct tocsin *run, const char *json) {
    const enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    const struct str config = str_of(json);
    if (config.len == 0 || !str_is_text(config)) {
        return refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    if (config.len > WIRE_CONFIG_BYTES_MAX) {
        return refuse(run, TOCSIN_ERR_TOO_LONG);
    }
    count_emitted(run->events);
    const enum tocsin_err stored = account(run->events, records_push_config(run->events, config));
    courier_wake(run->courier);
    return stored;
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
           atomic_load(&file->acked_calls);
}

static void say_undelivered(const struct tocsin *run, const char *why) {
    notice_say(run->quiet, "%llu calls and %llu events of run %s %s; they wait in %s",
               (unsigned long long)waiting(run, WIRE_LANE_METRICS),
               (unsigned long long)waiting(run, WIRE_LANE_EVENTS), run->name, why, run->file.path);
}

static enum tocsin_err end(struct tocsin **run_at, enum wire_ending ending, int64_t deadline_ms) {
    if (run_at == NULL || *run_at == NULL) {
        return TOCSIN_OK;
    }
    struct tocsin *run = *run_at;
    *run_at = NULL;
    if (run->generation != atomic_load(&fork_generation)) {
        return TOCSIN_ERR_FORKED; /* the parent's: nothing of it is touched, not even freed */
    }
    if (deadline_ms < 0) {
        deadline_ms = FINISH_DEFAULT_MS;
    } else if (deadline_ms > FINISH_MAX_MS) {
        deadline_ms = FINISH_MAX_MS;
    }
    const int64_t deadline_ns = clock_mono_ns() + deadline_ms * CLOCK_NS_PER_MS;
    atomic_store(&run->finishing, true);
    const struct wire_finish finish = {.ending = ending, .time_ns = clock_wall_ns()};
    count_emitted(run->events);
    if (account(run->events, records_push_finish(run->events, finish)) != TOCSIN_OK) {
        notice_say(run->quiet, "no room left to record the end of run %s", run->name);
    }
    const enum courier_end how = courier_stop(run->courier, deadline_ns);
    if (how != COURIER_DELIVERED) {
        say_undelivered(run, endings[how].why);
    }
    if (how != COURIER_STUCK) {
        free_run(run, how != COURIER_DELIVERED);
    }
    return endings[how].err;
}

enum tocsin_err tocsin_finish(struct tocsin **run, int64_t deadline_ms) {
    return end(run, WIRE_ENDING_FINISHED, deadline_ms);
}

enum tocsin_err tocsin_fail(struct tocsin **run, int64_t deadline_ms) {
    return end(run, WIRE_ENDING_FAILED, deadline_ms);
}

/* Facts */

enum tocsin_err tocsin_get_stats(struct tocsin *run, struct tocsin_stats *out) {
    const enum tocsin_err err = check_run(run);
    if (err != TOCSIN_OK || out == NULL) {
        return err != TOCSIN_OK ? err : TOCSIN_ERR_ARGUMENT;
    }
    const struct courier_view view = courier_look(run->courier);
    const struct tocsin_stats stats = {
        .size = out->size,
        .emitted = atomic_load(&run->metrics->shared->emitted),
        .dropped = atomic_load(&run->metrics->shared->dropped),
        .refused = atomic_load(&run->refused),
        .acknowledged = atomic_load(&run->file.header->lanes[WIRE_LANE_METRICS].acked_calls),
        .alerts = atomic_load(&run->alerts),
        .connected = view.connected,
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
