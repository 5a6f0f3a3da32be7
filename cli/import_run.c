/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_run.h"

#include <inttypes.h>
#include <poll.h>

#include "cli/importer.h"
#include "schema/wire/clock.h"

#define WAIT_MS    2
#define CALL_BYTES 64U /* of a call in the ring, besides its values */
#define ABANDON_MS 5000

static enum exit_code refuse(struct import_run *run, const char *what, enum tocsin_err err) {
    return ctx_fail(run->ctx, EXIT_INTERNAL, "cannot %s: %s", what, run->bus->strerror(err));
}

static enum exit_code give_up(struct import_run *run) {
    ctx_fail(run->ctx, EXIT_UNREACHABLE,
             run->connected ? "The collector took nothing for %" PRId64 " s"
                            : "No collector took the run within %" PRId64
                              " s; nothing was imported",
             run->patience_ns / CLOCK_NS_PER_S);
    return ctx_hint(run->ctx, EXIT_UNREACHABLE, "%s",
                    run->connected ? "Repeat the command later: it goes on where this one stopped."
                                   : "Start one (tocsin up), or name it with --endpoint.");
}

static enum exit_code look(struct import_run *run, struct tocsin_stats *out) {
    *out = (struct tocsin_stats){.size = sizeof *out};
    const enum tocsin_err err = run->bus->get_stats(run->run, out);
    if (err != TOCSIN_OK) {
        return refuse(run, "watch the run", err);
    }
    if (out->dropped > 0) {
        return ctx_fail(run->ctx, EXIT_INTERNAL,
                        "%" PRIu64 " calls were lost on their way to the collector; see: tocsin "
                        "list gaps",
                        out->dropped);
    }
    run->connected = run->connected || out->connected;
    return EXIT_OK;
}

/* Waits until a collector is there, so many calls are committed, and so few events are not. Gives
 * up when nothing has moved for the patience. */
static enum exit_code wait_for(struct import_run *run, uint64_t calls, uint64_t events) {
    struct tocsin_stats last = {.events_waiting = UINT64_MAX};
    int64_t deadline_ns = 0;
    for (;;) {
        struct tocsin_stats stats;
        const enum exit_code code = look(run, &stats);
        if (code != EXIT_OK) {
            return code;
        }
        if (run->connected && stats.acknowledged >= calls && stats.events_waiting <= events) {
            return EXIT_OK;
        }
        if (stats.acknowledged != last.acknowledged ||
            stats.events_waiting != last.events_waiting) {
            deadline_ns = clock_mono_ns() + run->patience_ns;
            last = stats;
        } else if (clock_mono_ns() > deadline_ns) {
            return give_up(run);
        }
        poll(NULL, 0, WAIT_MS);
    }
}

enum exit_code import_run_start(struct import_run *run, const struct tocsin_options *options) {
    const enum tocsin_err err = run->bus->start(options, &run->run);
    if (err != TOCSIN_OK) {
        return ctx_fail(run->ctx, err == TOCSIN_ERR_SYSTEM ? EXIT_INTERNAL : EXIT_USAGE,
                        "run '%s' cannot be started: %s", options->name, run->bus->strerror(err));
    }
    return wait_for(run, 0, UINT64_MAX);
}

/* Every 64 KiB: waits for the calls of the 64 KiB that are a window back. */
static enum exit_code keep_pace(struct import_run *run, size_t n) {
    run->calls++;
    run->bytes += CALL_BYTES + n * sizeof(double);
    if (run->bytes < IMPORT_RUN_MARK_BYTES) {
        return EXIT_OK;
    }
    run->bytes = 0;
    run->mark = (run->mark + 1) % IMPORT_RUN_MARKS;
    const uint64_t oldest = run->marks[run->mark];
    run->marks[run->mark] = run->calls;
    return wait_for(run, oldest, UINT64_MAX);
}

static enum tocsin_err push(struct import_run *run, struct import_set *set,
                            const struct importer_call *call) {
    if (call->kind == WIRE_SERIES_SYSTEM) {
        return run->bus->log_system_at(run->run, call->n, call->names, call->time_ns, call->values);
    }
    if (set->handle == IMPORT_SETS_UNKNOWN) {
        const enum tocsin_err err = run->bus->prepare(run->run, call->n, call->names, &set->handle);
        if (err != TOCSIN_OK) {
            return err;
        }
    }
    return run->bus->log_at(run->run, set->handle, call->step, call->time_ns, call->values);
}

enum exit_code import_run_call(struct import_run *run, struct import_set *set,
                               const struct importer_call *call) {
    const enum tocsin_err err = push(run, set, call);
    return err == TOCSIN_OK ? keep_pace(run, call->n) : refuse(run, "log a call", err);
}

enum exit_code import_run_alert(struct import_run *run, const struct importer_alert *alert) {
    const enum exit_code code = wait_for(run, 0, IMPORT_RUN_EVENTS_MAX);
    if (code != EXIT_OK) {
        return code;
    }
    const enum tocsin_err err = run->bus->alert_at(run->run, alert->level, alert->title,
                                                   alert->text, alert->step, alert->time_ns);
    return err == TOCSIN_OK ? EXIT_OK : refuse(run, "bring in an alert", err);
}

enum exit_code import_run_config(struct import_run *run, const char *json) {
    const enum exit_code code = wait_for(run, 0, 0);
    if (code != EXIT_OK) {
        return code;
    }
    const enum tocsin_err err = run->bus->set_config(run->run, json);
    return err == TOCSIN_OK ? EXIT_OK : refuse(run, "note what was imported", err);
}

enum exit_code import_run_finish(struct import_run *run, int64_t time_ns) {
    const enum exit_code code = wait_for(run, run->calls, 0);
    if (code != EXIT_OK) {
        return code;
    }
    const enum tocsin_err err =
        run->bus->finish_at(&run->run, time_ns, run->patience_ns / CLOCK_NS_PER_MS);
    return err == TOCSIN_OK            ? EXIT_OK
           : err == TOCSIN_ERR_TIMEOUT ? give_up(run)
                                       : refuse(run, "end the run", err);
}

void import_run_abandon(struct import_run *run) {
    (void)run->bus->fail(&run->run, run->connected ? ABANDON_MS : 0);
}
