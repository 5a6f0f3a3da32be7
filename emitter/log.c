/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "emitter/records.h"
#include "emitter/run.h"
#include "schema/wire/clock.h"

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
        return run_refuse(run, TOCSIN_ERR_TOO_LONG);
    }
    if (keysets_find(run->keysets, keysets_id(kind, n, names), out_handle)) {
        return TOCSIN_OK;
    }
    const enum tocsin_err bad = check_names(n, names);
    if (bad != TOCSIN_OK) {
        return run_refuse(run, bad);
    }
    return keysets_add(run->keysets, kind, n, names, out_handle) == ERR_OK
               ? TOCSIN_OK
               : run_refuse(run, TOCSIN_ERR_TOO_LONG);
}

enum tocsin_err tocsin_prepare(struct tocsin *run, size_t n, const char *const *names,
                               tocsin_keyset *out_keyset) {
    const enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (names == NULL || out_keyset == NULL) {
        return run_refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    return find_keyset(run, WIRE_SERIES_METRIC, n, names, out_keyset);
}

/* The step of this call; the highest so far is kept. After the last possible step comes the same.
 */
static int64_t take_step(struct tocsin *run, int64_t step) {
    int64_t highest = atomic_load_explicit(&run->highest_step, memory_order_relaxed);
    int64_t taken;
    do {
        taken = step != TOCSIN_STEP_AUTO ? step : highest < INT64_MAX ? highest + 1 : highest;
    } while (taken > highest &&
             !atomic_compare_exchange_weak_explicit(&run->highest_step, &highest, taken,
                                                    memory_order_relaxed, memory_order_relaxed));
    return taken;
}

static enum tocsin_err push_call(struct tocsin *run, enum wire_series kind,
                                 const struct records_call *call, const double *values) {
    struct ring *ring = run->metrics;
    run_count_emitted(ring);
    if (records_push_call(ring, *call, values)) {
        return TOCSIN_OK;
    }
    /* The step of a system call is a time: as a bound it would say nothing. */
    const int64_t step = kind == WIRE_SERIES_METRIC ? call->step : WIRE_STEP_NONE;
    gap_note(&ring->shared->gap, &ring->shared->dropped, step, call->time_ns);
    return TOCSIN_ERR_FULL;
}

#define NOW INT64_C(0) /* no time of the caller's is that early */

/* Inline, so that tocsin_log() does not ask which time is meant. */
static inline enum tocsin_err log_call(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                                       int64_t time_ns, const double *values) {
    const enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    const struct keysets_entry *entry = keysets_get(run->keysets, keyset);
    if (values == NULL || entry == NULL || entry->kind != WIRE_SERIES_METRIC || time_ns < NOW) {
        return run_refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    const struct records_call call = {.keyset = keyset,
                                      .columns = entry->columns,
                                      .step = take_step(run, step),
                                      .time_ns = time_ns == NOW ? clock_wall_ns() : time_ns};
    return push_call(run, WIRE_SERIES_METRIC, &call, values);
}

enum tocsin_err tocsin_log(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                           const double *values) {
    return log_call(run, keyset, step, NOW, values);
}

enum tocsin_err tocsin_log_at(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                              int64_t time_ns, const double *values) {
    return log_call(run, keyset, step, time_ns != NOW ? time_ns : -1, values);
}

enum tocsin_err tocsin_log_named(struct tocsin *run, int64_t step, size_t n,
                                 const char *const *names, const double *values) {
    enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (names == NULL || values == NULL) {
        return run_refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    uint32_t handle;
    err = find_keyset(run, WIRE_SERIES_METRIC, n, names, &handle);
    return err == TOCSIN_OK ? tocsin_log(run, handle, step, values) : err;
}

enum tocsin_err tocsin_log_system_at(struct tocsin *run, size_t n, const char *const *names,
                                     int64_t time_ns, const double *values) {
    enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    if (names == NULL || values == NULL || time_ns < TOCSIN_TIME_NS_MIN) {
        return run_refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    uint32_t handle;
    err = find_keyset(run, WIRE_SERIES_SYSTEM, n, names, &handle);
    if (err != TOCSIN_OK) {
        return err;
    }
    const struct records_call call = {
        .keyset = handle, .columns = (uint32_t)n, .step = time_ns / 1000, .time_ns = time_ns};
    return push_call(run, WIRE_SERIES_SYSTEM, &call, values);
}

enum tocsin_err tocsin_log_system(struct tocsin *run, size_t n, const char *const *names,
                                  const double *values) {
    return tocsin_log_system_at(run, n, names, clock_wall_ns(), values);
}
