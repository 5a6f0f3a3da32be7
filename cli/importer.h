/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORTER_H
#define CLI_IMPORTER_H

/* Brings one run in, through libtocsin and a collector, like a training process; every call exactly
 * once, however often the import is killed and repeated. How:
 *
 *   - The run's id is a hash of project and identity, so a repetition finds it.
 *   - Calls are sent in the order of the source, and batches are committed in order. So what is in
 *     the database is a beginning of the source, and its number of calls says how much to skip.
 *   - What a killed import left on this machine is delivered first (it is older), under its own
 *     numbers, so that nothing of it can still be on its way when calls are counted.
 *   - At its end an import leaves a hash of all calls in the run's configuration: a source that has
 *     changed since is noticed and not appended to something else.
 *
 * All that can go wrong is an exit code, with the sentence in ctx. */

#include <stddef.h>
#include <stdint.h>

#include "cli/bus.h"
#include "cli/ctx.h"
#include "schema/wire/wire.h"

struct importer_spec { /* borrowed until importer_end() */
    struct ctx *ctx;
    const struct bus *bus; /* NULL: only counts what would be imported */
    const char *word;      /* of the source's kind: "csv" */
    const char *identity;  /* what this run has and no other of its kind */
    const char *project;
    const char *name;
    const char *group;    /* NULL: none */
    const char *config;   /* a JSON object; NULL: none */
    const char *endpoint; /* NULL: the library's rule */
    int64_t started_ns;   /* 0: at its first time */
    uint32_t rank;
    uint32_t world_size;
    int64_t patience_ns; /* how long the collector may take nothing */
};

enum importer_state {
    IMPORTER_EMPTY,   /* there is nothing in it */
    IMPORTER_COUNTED, /* only counted */
    IMPORTER_ALREADY, /* all of it was there before */
    IMPORTER_IMPORTED,
};

struct importer_report {
    enum importer_state state;
    uint64_t run_id;
    uint64_t calls;   /* imported now */
    uint64_t skipped; /* calls that were there before */
    uint64_t alerts;
    uint64_t skipped_alerts;
};

struct importer;

struct importer_call {
    enum wire_series kind;
    int64_t step;             /* of a metric; above INT64_MIN */
    int64_t time_ns;          /* above 0 */
    size_t n;                 /* 1 or more */
    const char *const *names; /* importer_name_is_good() */
    const double *values;
};

struct importer_alert {
    enum tocsin_level level;
    const char *title; /* not empty, UTF-8 */
    const char *text;  /* NULL: none */
    int64_t step;      /* TOCSIN_STEP_NONE: none */
    int64_t time_ns;
};

/* Finds out what is there, and delivers what an earlier import left. On error there is nothing to
 * end. */
enum exit_code importer_begin(const struct importer_spec *spec, struct importer **out);
enum exit_code importer_call(struct importer *importer, const struct importer_call *call);
enum exit_code importer_alert(struct importer *importer, const struct importer_alert *alert);
/* Ends the import and frees the importer. code: how reading the source ended; what was wrong there
 * is kept as the error. out_report is written in any case. */
enum exit_code importer_end(struct importer *importer, enum exit_code code,
                            struct importer_report *out_report);

/* Whether a name may be that of a metric. */
bool importer_name_is_good(const char *name);

#endif
