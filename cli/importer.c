/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/importer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_found.h"
#include "cli/import_place.h"
#include "cli/import_progress.h"
#include "cli/import_run.h"
#include "cli/import_sets.h"
#include "schema/wire/clock.h"

#define LAUNCH_BYTES   64
#define NOTE_BYTES     512
#define PROGRESS_CALLS 4096 /* a look at the clock every so many */

/* The calls of one kind. */
struct tally {
    struct import_stored stored;
    uint64_t n;
    uint64_t hash;
};

struct importer {
    struct importer_spec spec;
    char launch[LAUNCH_BYTES]; /* the library's run_id */
    uint64_t run_id;
    struct import_place place;
    struct import_found found;
    struct import_sets *sets;
    struct import_run run;
    struct tally tallies[IMPORT_SERIES];
    uint64_t alerts;
    int64_t last_ns; /* the latest time so far */
};

bool importer_name_is_good(const char *name) {
    const struct str s = str_of(name);
    return s.len > 0 && s.len <= WIRE_NAME_BYTES_MAX && str_is_text(s);
}

/* Begin */

static enum exit_code look(const struct importer *im, struct import_found *out) {
    return import_found_look(im->spec.ctx, im->run_id, im->spec.rank, out);
}

static enum exit_code ship(struct importer *im) {
    const struct importer_spec *spec = &im->spec;
    const struct tocsin_ship_options options = {.size = sizeof options,
                                                .ring_dir = im->place.ring,
                                                .spool_dir = im->place.spool,
                                                .endpoints = spec->endpoint,
                                                .patience_ms = spec->patience_ns / CLOCK_NS_PER_MS,
                                                .quiet = spec->ctx->json};
    struct tocsin_ship_report report = {.size = sizeof report};
    const enum tocsin_err err = spec->bus->ship(&options, &report);
    if (err == TOCSIN_OK) {
        return EXIT_OK;
    }
    return ctx_fail(spec->ctx, err == TOCSIN_ERR_TIMEOUT ? EXIT_UNREACHABLE : EXIT_INTERNAL,
                    "what a killed import of run '%s' left could not be delivered: %s", spec->name,
                    spec->bus->strerror(err));
}

/* What is left here is delivered if it is the newest part of the run. Otherwise the run went on
 * elsewhere without it, or knows nothing of it: then it is all in the source, and goes. */
static enum exit_code settle(struct importer *im) {
    if (!import_place_has(&im->place, NULL)) {
        return EXIT_OK;
    }
    enum exit_code code = EXIT_OK;
    if (im->found.producer[0] != '\0' && import_place_has(&im->place, im->found.producer)) {
        code = ship(im);
    }
    if (code == EXIT_OK) {
        import_place_clear(&im->place);
        code = look(im, &im->found);
    }
    return code;
}

static enum exit_code check_found(const struct importer *im) {
    struct ctx *ctx = im->spec.ctx;
    if (im->found.lost == 0) {
        return EXIT_OK;
    }
    ctx_fail(ctx, EXIT_INTERNAL,
             "of run '%s' %" PRIu64 " calls were lost, or refused by PostgreSQL, in an earlier "
             "import, so it cannot be told where to go on",
             im->spec.name, im->found.lost);
    return ctx_hint(ctx, EXIT_INTERNAL, "Import it under another --name.");
}

static enum exit_code open_place(struct importer *im) {
    struct why why = {""};
    const enum err err = import_place_open(im->run_id, im->spec.rank, &im->place, &why);
    return err == ERR_OK ? EXIT_OK
                         : ctx_fail(im->spec.ctx, err == ERR_CONFIG ? EXIT_USAGE : EXIT_INTERNAL,
                                    "run '%s': %s", im->spec.name, why.text);
}

static enum exit_code find(struct importer *im) {
    enum exit_code code = open_place(im);
    if (code != EXIT_OK) {
        return code;
    }
    code = look(im, &im->found);
    if (code == EXIT_OK) {
        code = settle(im);
    }
    if (code == EXIT_OK) {
        code = check_found(im);
    }
    if (code != EXIT_OK) {
        import_place_close(&im->place);
    }
    return code;
}

enum exit_code importer_begin(const struct importer_spec *spec, struct importer **out) {
    struct importer *im = calloc(1, sizeof *im);
    if (im == NULL) {
        abort();
    }
    const struct str parts[] = {str_of(spec->word), str_of(spec->identity)};
    im->spec = *spec;
    snprintf(im->launch, sizeof im->launch, "import %s %016" PRIx64, spec->word,
             wire_keyset_id(WIRE_SERIES_METRIC, 2, parts));
    im->run_id = wire_run_id(str_of(spec->project), str_of(im->launch));
    im->run =
        (struct import_run){.ctx = spec->ctx, .bus = spec->bus, .patience_ns = spec->patience_ns};
    const enum exit_code code = spec->bus != NULL ? find(im) : EXIT_OK;
    if (code != EXIT_OK) {
        free(im);
        return code;
    }
    for (int kind = 0; kind < IMPORT_SERIES; kind++) {
        im->tallies[kind].stored = im->found.series[kind];
    }
    im->sets = import_sets_new();
    *out = im;
    return EXIT_OK;
}

/* Go on */

static int64_t start_of(const struct importer *im, int64_t first_ns) {
    if (im->found.started_us > 0) {
        return im->found.started_us * 1000; /* another part of the same start */
    }
    return im->spec.started_ns > 0 ? im->spec.started_ns : first_ns;
}

/* A collector has taken the run, and with it all that came before: what is stored must still be
 * what was skipped. */
static enum exit_code check_alone(struct importer *im) {
    struct import_found now;
    const enum exit_code code = look(im, &now);
    if (code != EXIT_OK) {
        return code;
    }
    const struct import_found *then = &im->found;
    const bool same =
        now.alerts == then->alerts &&
        now.series[WIRE_SERIES_METRIC].calls == then->series[WIRE_SERIES_METRIC].calls &&
        now.series[WIRE_SERIES_SYSTEM].calls == then->series[WIRE_SERIES_SYSTEM].calls;
    if (same) {
        return EXIT_OK;
    }
    return ctx_fail(im->spec.ctx, EXIT_UNREACHABLE, /* later it may */
                    "run '%s' grew since this command began: another import of it is at work, or "
                    "ended just now; repeat the command when it is over",
                    im->spec.name);
}

static enum exit_code open_run(struct importer *im, int64_t first_ns) {
    const struct importer_spec *spec = &im->spec;
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    if (im->run.run != NULL) {
        return EXIT_OK;
    }
    options.endpoints = spec->endpoint;
    options.project = spec->project;
    options.name = spec->name;
    options.group = spec->group != NULL ? spec->group : "";
    options.config = spec->config;
    options.rank = spec->rank;
    options.world_size = spec->world_size;
    options.run_id = im->launch;
    options.ring_dir = im->place.ring;
    options.ring_bytes = IMPORT_RUN_RING_BYTES;
    options.spool_dir = im->place.spool;
    options.webhook_url = "";
    options.auto_log_gpu = 0;
    options.auto_log_cpu = 0;
    options.quiet = spec->ctx->json; /* stderr is JSON too */
    options.started_ns = start_of(im, first_ns);
    import_progress_clear();
    const enum exit_code code = import_run_start(&im->run, &options);
    return code == EXIT_OK ? check_alone(im) : code;
}

static void note_time(struct importer *im, int64_t time_ns) {
    im->last_ns = time_ns > im->last_ns ? time_ns : im->last_ns;
}

static uint64_t mix(uint64_t hash, uint64_t v) {
    hash = (hash ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Times are left out: where the source has none, they are those of the file. */
static uint64_t hash_of(uint64_t hash, const struct import_set *set,
                        const struct importer_call *call) {
    hash = mix(hash, set->id);
    if (call->kind == WIRE_SERIES_METRIC) {
        hash = mix(hash, (uint64_t)call->step);
    }
    for (size_t i = 0; i < call->n; i++) {
        uint64_t bits;
        memcpy(&bits, &call->values[i], sizeof bits);
        hash = mix(hash, bits);
    }
    return hash;
}

static enum exit_code changed(const struct importer *im) {
    ctx_fail(im->spec.ctx, EXIT_USAGE,
             "run '%s' was imported before from this place, and what was there then is not what is "
             "there now",
             im->spec.name);
    return ctx_hint(im->spec.ctx, EXIT_USAGE, "Import it under another --name.");
}

static enum exit_code take(struct importer *im, struct import_set *set,
                           const struct importer_call *call) {
    struct tally *tally = &im->tallies[call->kind];
    tally->n++;
    tally->hash = hash_of(tally->hash, set, call);
    if (tally->n == tally->stored.noted_calls && tally->n <= tally->stored.calls &&
        tally->hash != tally->stored.noted_hash) {
        return changed(im);
    }
    if (tally->n % PROGRESS_CALLS == 0) {
        import_progress_show(im->spec.name, tally->stored.calls, tally->n);
    }
    if (tally->n <= tally->stored.calls || im->spec.bus == NULL) {
        return EXIT_OK;
    }
    const enum exit_code code = open_run(im, call->time_ns);
    return code == EXIT_OK ? import_run_call(&im->run, set, call) : code;
}

/* A row whose list of names has no room becomes as many calls as it has names. */
static enum exit_code take_apart(struct importer *im, const struct importer_call *call) {
    enum exit_code code = EXIT_OK;
    for (size_t i = 0; code == EXIT_OK && i < call->n; i++) {
        struct importer_call part = *call;
        part.n = 1;
        part.names = &call->names[i];
        part.values = &call->values[i];
        struct import_set *set = import_sets_get(im->sets, part.kind, 1, part.names);
        code = set != NULL
                   ? take(im, set, &part)
                   : ctx_fail(im->spec.ctx, EXIT_USAGE,
                              "run '%s' has more names of metrics than a run may have: "
                              "about %u, or %u KiB of names",
                              im->spec.name, IMPORT_SETS_MAX / 2, IMPORT_SETS_BYTES_MAX / 1024 / 2);
    }
    return code;
}

enum exit_code importer_call(struct importer *im, const struct importer_call *call) {
    struct import_set *set = import_sets_get(im->sets, call->kind, call->n, call->names);
    note_time(im, call->time_ns);
    return set != NULL ? take(im, set, call) : take_apart(im, call);
}

enum exit_code importer_alert(struct importer *im, const struct importer_alert *alert) {
    im->alerts++;
    note_time(im, alert->time_ns);
    if (im->alerts <= im->found.alerts || im->spec.bus == NULL) {
        return EXIT_OK;
    }
    const enum exit_code code = open_run(im, alert->time_ns);
    return code == EXIT_OK ? import_run_alert(&im->run, alert) : code;
}

/* End */

static uint64_t above(uint64_t n, uint64_t stored) {
    return n > stored ? n - stored : 0;
}

static struct importer_report report_of(const struct importer *im) {
    struct importer_report report = {.run_id = im->run_id,
                                     .alerts = above(im->alerts, im->found.alerts),
                                     .skipped_alerts = im->found.alerts};
    uint64_t all = im->alerts;
    for (int kind = 0; kind < IMPORT_SERIES; kind++) {
        const struct tally *tally = &im->tallies[kind];
        report.calls += above(tally->n, tally->stored.calls);
        report.skipped += tally->stored.calls;
        all += tally->n;
    }
    report.state = all == 0                                                  ? IMPORTER_EMPTY
                   : im->spec.bus == NULL                                    ? IMPORTER_COUNTED
                   : report.calls + report.alerts == 0 && im->found.finished ? IMPORTER_ALREADY
                                                                             : IMPORTER_IMPORTED;
    return report;
}

static enum exit_code check_all_skipped(const struct importer *im) {
    for (int kind = 0; kind < IMPORT_SERIES; kind++) {
        if (im->tallies[kind].n < im->tallies[kind].stored.calls) {
            return changed(im);
        }
    }
    return im->alerts < im->found.alerts ? changed(im) : EXIT_OK;
}

static enum exit_code leave_note(struct importer *im) {
    const struct tally *t = im->tallies;
    char key[IMPORT_NOTE_BYTES];
    char note[NOTE_BYTES];
    import_found_key(im->spec.rank, key);
    snprintf(note, sizeof note,
             "{\"%s\": {\"source\": \"%s\", \"calls\": %" PRIu64 ", \"hash\": \"%016" PRIx64
             "\", \"system_calls\": %" PRIu64 ", \"system_hash\": \"%016" PRIx64 "\"}}",
             key, im->spec.word, t[WIRE_SERIES_METRIC].n, t[WIRE_SERIES_METRIC].hash,
             t[WIRE_SERIES_SYSTEM].n, t[WIRE_SERIES_SYSTEM].hash);
    return import_run_config(&im->run, note);
}

/* All was acknowledged; the database has the last word. */
static enum exit_code verify(const struct importer *im) {
    struct import_found now;
    const enum exit_code code = look(im, &now);
    if (code != EXIT_OK) {
        return code;
    }
    for (int kind = 0; kind < IMPORT_SERIES; kind++) {
        if (now.series[kind].calls != im->tallies[kind].n) {
            return ctx_fail(im->spec.ctx, EXIT_INTERNAL,
                            "run '%s' has %" PRIu64 " calls in the database and %" PRIu64
                            " in the source: was it imported twice at once, or does the collector "
                            "store into another database than the DSN names?",
                            im->spec.name, now.series[kind].calls, im->tallies[kind].n);
        }
    }
    return EXIT_OK;
}

static enum exit_code complete(struct importer *im) {
    enum exit_code code = open_run(im, im->last_ns);
    if (code == EXIT_OK) {
        code = leave_note(im);
    }
    if (code == EXIT_OK) {
        code = import_run_finish(&im->run, im->last_ns);
    }
    return code == EXIT_OK ? verify(im) : code;
}

enum exit_code importer_end(struct importer *im, enum exit_code code,
                            struct importer_report *out_report) {
    *out_report = report_of(im);
    if (code == EXIT_OK) {
        code = check_all_skipped(im);
    }
    if (code == EXIT_OK && out_report->state == IMPORTER_IMPORTED) {
        code = complete(im);
    }
    if (im->spec.bus != NULL) {
        import_run_abandon(&im->run);
        if (!im->run.connected) {
            import_place_clear(&im->place); /* nobody knows of it */
        }
        import_place_close(&im->place);
    }
    import_progress_clear();
    import_sets_free(im->sets);
    free(im);
    return code;
}
