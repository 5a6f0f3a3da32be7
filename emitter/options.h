/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_OPTIONS_H
#define EMITTER_OPTIONS_H

/* What a run is started with: options, else environment, else default, checked. One table of
 * variables in options.c; docs/emitter.md repeats it and a test compares the two. */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/include/tocsin.h"
#include "emitter/webhook.h"
#include "schema/wire/err.h"

#define OPTIONS_RING_BYTES_DEFAULT (8U * 1024 * 1024)
#define OPTIONS_RING_BYTES_MIN     (1U * 1024 * 1024)
#define OPTIONS_RING_BYTES_MAX     (1024U * 1024 * 1024)

#define OPTIONS_SPOOL_BYTES_DEFAULT (1024U * 1024 * 1024)
#define OPTIONS_SPOOL_BYTES_MIN     (1024U * 1024)
#define OPTIONS_SPOOL_BYTES_MAX     (1024ULL * 1024 * 1024 * 1024)

#define OPTIONS_INTERVAL_S_DEFAULT 10.0
#define OPTIONS_INTERVAL_S_MIN     0.1
#define OPTIONS_INTERVAL_S_MAX     86400.0

struct settings {          /* strings borrow from the options or the environment */
    const char *endpoints; /* never NULL; may point into endpoint_default */
    const char *project;
    const char *name;       /* NULL: made from the run id */
    const char *group;      /* NULL: none */
    const char *config;     /* NULL: none */
    const char *run_id;     /* NULL: the launcher's, else random */
    const char *ring_dir;   /* NULL: the default places */
    const char *spool_dir;  /* NULL: the default place */
    const char *server_key; /* NULL: none, and no key_file */
    const char *key_file;
    uint64_t ring_bytes; /* a power of two */
    uint64_t spool_bytes;
    enum tocsin_resume resume;
    uint32_t rank;
    uint32_t world_size;
    int64_t local_rank;      /* among those on this machine; -1: not known */
    int64_t gpu_interval_ns; /* 0: not logged by itself */
    int64_t cpu_interval_ns;
    int64_t started_ns; /* 0: now */
    bool quiet;
    char endpoint_default[128];
    struct webhook webhook;
};

/* Errors: ERR_VALUE (empty or bad name), ERR_UTF8, ERR_TOO_LONG, ERR_CONFIG; why has a sentence
 * that names the option and its variable. out->quiet is right even after an error. */
enum err options_resolve(const struct tocsin_options *options, struct settings *out,
                         struct why *why) ERR_MUST_CHECK;

#endif
