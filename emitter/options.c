/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/keys.h"
#include "schema/wire/place.h"
#include "schema/wire/wire.h"

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The text settings. A name goes into the database and is checked as one. */
static const struct text_row {
    size_t option;  /* offset in struct tocsin_options */
    size_t setting; /* offset in struct settings */
    const char *variable;
    const char *what;
    size_t min_bytes;
    size_t max_bytes;
} text_rows[] = {
#define TEXT(field, variable, what, min_bytes, max_bytes)                                          \
    {                                                                                              \
        offsetof(struct tocsin_options, field), offsetof(struct settings, field), variable, what,  \
            min_bytes, max_bytes                                                                   \
    }
    TEXT(endpoints, "TOCSIN_ENDPOINT", "endpoint list", 1, WIRE_URL_BYTES_MAX),
    TEXT(project, "TOCSIN_PROJECT", "project", 1, WIRE_NAME_BYTES_MAX),
    TEXT(name, "TOCSIN_RUN_NAME", "run name", 1, WIRE_NAME_BYTES_MAX),
    TEXT(group, "TOCSIN_GROUP", "group", 0, WIRE_NAME_BYTES_MAX),
    TEXT(config, NULL, "config", 0, WIRE_CONFIG_BYTES_MAX),
    TEXT(run_id, "TOCSIN_RUN_ID", "run id", 1, WIRE_NAME_BYTES_MAX),
    TEXT(ring_dir, "TOCSIN_RING_DIR", "ring directory", 1, PLACE_PATH_BYTES_MAX - 64),
    TEXT(spool_dir, "TOCSIN_SPOOL_DIR", "spool directory", 1, PLACE_PATH_BYTES_MAX - 128),
    TEXT(server_key, "TOCSIN_SERVER_KEY", "server key", 1, PLACE_PATH_BYTES_MAX),
    TEXT(key_file, "TOCSIN_KEY_FILE", "path of the key file", 1, PLACE_PATH_BYTES_MAX - 1),
#undef TEXT
};

/* How launchers tell a process its rank; the first whose rank variable is set decides both. RANK
 * stands before SLURM_PROCID because torchrun under srun has one PROCID a node. */
static const struct {
    const char *rank;
    const char *world_size;
} launchers[] = {
    {"TOCSIN_RANK", "TOCSIN_WORLD_SIZE"},
    {"RANK", "WORLD_SIZE"},
    {"SLURM_PROCID", "SLURM_NTASKS"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMIX_RANK", "PMIX_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"}, /* Kubernetes indexed job */
};

static enum err read_number(const char *name, int64_t max, int64_t *out, struct why *why) {
    const char *text = variable(name);
    char *end = NULL;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || v < 0 || v > max) {
        return why_set(why, ERR_CONFIG, "%s is \"%.80s\": it must be a number from 0 to %lld", name,
                       text, (long long)max);
    }
    *out = v;
    return ERR_OK;
}

static enum err resolve_text(const struct tocsin_options *options, const struct text_row *row,
                             struct settings *out, struct why *why) {
    const char *value;
    memcpy(&value, (const char *)options + row->option, sizeof value);
    if (value == NULL && row->variable != NULL) {
        value = variable(row->variable);
    }
    memcpy((char *)out + row->setting, &value, sizeof value);
    if (value == NULL) {
        return ERR_OK;
    }
    if (strlen(value) < row->min_bytes) {
        return why_set(why, ERR_VALUE, "the %s is empty: give one or leave it out", row->what);
    }
    if (strlen(value) > row->max_bytes) {
        return why_set(why, ERR_TOO_LONG, "the %s is longer than %zu bytes", row->what,
                       row->max_bytes);
    }
    if (!str_is_text(str_of(value))) {
        return why_set(why, ERR_UTF8, "the %s is not UTF-8 text", row->what);
    }
    return ERR_OK;
}

static enum err resolve_texts(const struct tocsin_options *options, struct settings *out,
                              struct why *why) {
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < sizeof text_rows / sizeof text_rows[0]; i++) {
        err = resolve_text(options, &text_rows[i], out, why);
    }
    return err;
}

/* Fills in what is not given yet (-1) from the launcher, if there is one. */
static enum err ask_launcher(int64_t *rank, int64_t *world_size, struct why *why) {
    for (size_t i = 0; i < sizeof launchers / sizeof launchers[0]; i++) {
        enum err err = ERR_OK;
        if (variable(launchers[i].rank) == NULL) {
            continue;
        }
        if (*rank < 0) {
            err = read_number(launchers[i].rank, WIRE_WORLD_SIZE_MAX - 1, rank, why);
        }
        if (err == ERR_OK && *world_size < 0 && variable(launchers[i].world_size) != NULL) {
            err = read_number(launchers[i].world_size, WIRE_WORLD_SIZE_MAX, world_size, why);
        }
        return err;
    }
    return ERR_OK;
}

static enum err resolve_ranks(const struct tocsin_options *options, struct settings *out,
                              struct why *why) {
    int64_t rank = options->rank;
    int64_t world_size = options->world_size;
    enum err err = ask_launcher(&rank, &world_size, why);
    if (err != ERR_OK) {
        return err;
    }
    if (rank < 0) {
        rank = 0;
    }
    if (world_size < 0 && rank < WIRE_WORLD_SIZE_MAX) {
        world_size = rank + 1;
    }
    if (rank >= world_size || world_size > WIRE_WORLD_SIZE_MAX) {
        return why_set(why, ERR_CONFIG,
                       "rank %lld of a world of %lld is not possible: set TOCSIN_RANK and "
                       "TOCSIN_WORLD_SIZE, with the rank below the size",
                       (long long)rank, (long long)world_size);
    }
    out->rank = (uint32_t)rank;
    out->world_size = (uint32_t)world_size;
    return ERR_OK;
}

/* The rank among those on this machine. Open MPI before Slurm: mpirun in a batch script leaves
 * SLURM_LOCALID as it was, 0 for all. Not worth refusing a run for. */
static int64_t local_rank(void) {
    static const char *const names[] = {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK",
                                        "MPI_LOCALRANKID", "SLURM_LOCALID"};
    struct why unheard;
    int64_t rank = -1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (variable(names[i]) != NULL &&
            read_number(names[i], WIRE_WORLD_SIZE_MAX, &rank, &unheard) == ERR_OK) {
            return rank;
        }
    }
    return -1;
}

/* Which system metrics are logged, and how often. */
static const struct sampling_row {
    size_t on;       /* offset in struct tocsin_options: int */
    size_t interval; /* double */
    size_t setting;  /* offset in struct settings: int64_t */
    const char *variable;
    const char *what;
} sampling_rows[] = {
    {offsetof(struct tocsin_options, auto_log_gpu),
     offsetof(struct tocsin_options, gpu_log_interval_s),
     offsetof(struct settings, gpu_interval_ns), "TOCSIN_AUTO_LOG_GPU", "gpu_log_interval_s"},
    {offsetof(struct tocsin_options, auto_log_cpu),
     offsetof(struct tocsin_options, cpu_log_interval_s),
     offsetof(struct settings, cpu_interval_ns), "TOCSIN_AUTO_LOG_CPU", "cpu_log_interval_s"},
};

static enum err resolve_sampling(const struct tocsin_options *options,
                                 const struct sampling_row *row, struct settings *out,
                                 struct why *why) {
    int given;
    double interval_s;
    memcpy(&given, (const char *)options + row->on, sizeof given);
    memcpy(&interval_s, (const char *)options + row->interval, sizeof interval_s);
    int64_t on = given;
    if (given < 0) {
        on = 0;
        if (variable(row->variable) != NULL) {
            const enum err err = read_number(row->variable, 1, &on, why);
            if (err != ERR_OK) {
                return err;
            }
        }
    }
    if (interval_s == 0) {
        interval_s = OPTIONS_INTERVAL_S_DEFAULT;
    }
    if (!(interval_s >= OPTIONS_INTERVAL_S_MIN && interval_s <= OPTIONS_INTERVAL_S_MAX)) {
        return why_set(why, ERR_CONFIG, "%s must be from %g to %g", row->what,
                       OPTIONS_INTERVAL_S_MIN, OPTIONS_INTERVAL_S_MAX);
    }
    const int64_t interval_ns = on != 0 ? (int64_t)(interval_s * 1e9) : 0;
    memcpy((char *)out + row->setting, &interval_ns, sizeof interval_ns);
    return ERR_OK;
}

static enum err resolve_samplings(const struct tocsin_options *options, struct settings *out,
                                  struct why *why) {
    enum err err = ERR_OK;
    out->local_rank = local_rank();
    for (size_t i = 0; err == ERR_OK && i < sizeof sampling_rows / sizeof sampling_rows[0]; i++) {
        err = resolve_sampling(options, &sampling_rows[i], out, why);
    }
    return err;
}

/* A size that is given, or in the variable, or the default. */
static enum err resolve_bytes(uint64_t given, const char *name, const uint64_t limits[3],
                              uint64_t *out, struct why *why) {
    int64_t bytes = (int64_t)given;
    if (bytes == 0 && variable(name) != NULL) {
        enum err err = read_number(name, (int64_t)limits[2], &bytes, why);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (bytes == 0) {
        bytes = (int64_t)limits[0];
    }
    if (bytes < (int64_t)limits[1] || bytes > (int64_t)limits[2]) {
        return why_set(why, ERR_CONFIG, "%s must be from %llu to %llu", name,
                       (unsigned long long)limits[1], (unsigned long long)limits[2]);
    }
    *out = (uint64_t)bytes;
    return ERR_OK;
}

static enum err resolve_sizes(const struct tocsin_options *options, struct settings *out,
                              struct why *why) {
    static const uint64_t ring[3] = {OPTIONS_RING_BYTES_DEFAULT, OPTIONS_RING_BYTES_MIN,
                                     OPTIONS_RING_BYTES_MAX};
    static const uint64_t spool[3] = {OPTIONS_SPOOL_BYTES_DEFAULT, OPTIONS_SPOOL_BYTES_MIN,
                                      OPTIONS_SPOOL_BYTES_MAX};
    uint64_t bytes = 0;
    enum err err = resolve_bytes(options->ring_bytes, "TOCSIN_RING_BYTES", ring, &bytes, why);
    out->ring_bytes = OPTIONS_RING_BYTES_MIN;
    while (out->ring_bytes < bytes) {
        out->ring_bytes *= 2;
    }
    if (err == ERR_OK) {
        err = resolve_bytes(options->spool_bytes, "TOCSIN_SPOOL_BYTES", spool, &out->spool_bytes,
                            why);
    }
    return err;
}

/* Of two variables the first that is set. Trackio's are known because its users have them set. */
static const char *given_or(const char *option, const char *own, const char *trackio) {
    if (option != NULL) {
        return option;
    }
    return variable(own) != NULL ? variable(own) : variable(trackio);
}

static enum err resolve_webhook(const struct tocsin_options *options, struct settings *out,
                                struct why *why) {
    return webhook_make(given_or(options->webhook_url, "TOCSIN_WEBHOOK_URL", "TRACKIO_WEBHOOK_URL"),
                        given_or(options->webhook_min_level, "TOCSIN_WEBHOOK_MIN_LEVEL",
                                 "TRACKIO_WEBHOOK_MIN_LEVEL"),
                        &out->webhook, why);
}

static enum err check(const struct settings *s, struct why *why) {
    if (s->project == NULL) {
        return why_set(why, ERR_VALUE, "no project: set options.project or TOCSIN_PROJECT");
    }
    if (s->resume == TOCSIN_RESUME_MUST && s->name == NULL) {
        return why_set(why, ERR_CONFIG, "resume=must needs the name of the run to resume");
    }
    if ((unsigned)s->resume > TOCSIN_RESUME_MUST) {
        return why_set(why, ERR_CONFIG, "resume is not one of never, allow, must");
    }
    if (s->started_ns != 0 && s->started_ns < TOCSIN_TIME_NS_MIN) {
        return why_set(why, ERR_VALUE, "options.started_ns is before 1970");
    }
    return ERR_OK;
}

/* A program built against an older header has a shorter struct: what it lacks is the default. */
static struct tocsin_options known_part(const struct tocsin_options *options) {
    struct tocsin_options all = TOCSIN_OPTIONS_INIT;
    memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
    return all;
}

enum err options_resolve(const struct tocsin_options *options, struct settings *out,
                         struct why *why) {
    const struct tocsin_options given = known_part(options);
    const char *quiet = variable("TOCSIN_QUIET");
    *out = (struct settings){.resume = given.resume,
                             .started_ns = given.started_ns,
                             .quiet = given.quiet || (quiet != NULL && strcmp(quiet, "0") != 0)};
    enum err err = resolve_texts(&given, out, why);
    if (err == ERR_OK && out->endpoints == NULL) {
        err = place_ingest_endpoint(sizeof out->endpoint_default, out->endpoint_default, why);
        out->endpoints = out->endpoint_default;
    }
    if (err == ERR_OK) {
        err = check(out, why);
    }
    if (err == ERR_OK) {
        err = keys_check(out->server_key, out->key_file, why);
    }
    if (err == ERR_OK) {
        err = resolve_webhook(&given, out, why);
    }
    if (err == ERR_OK) {
        err = resolve_ranks(&given, out, why);
    }
    if (err == ERR_OK) {
        err = resolve_samplings(&given, out, why);
    }
    return err == ERR_OK ? resolve_sizes(&given, out, why) : err;
}
