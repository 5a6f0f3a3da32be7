/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_RUN_H
#define CLI_IMPORT_RUN_H

/* A run of libtocsin that is fed faster than training feeds one. The library never waits, and drops
 * what does not fit; so this side waits: what is on its way stays far below the ring's size, and
 * nothing is ever dropped. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/bus.h"
#include "cli/ctx.h"
#include "cli/import_sets.h"

#define IMPORT_RUN_RING_BYTES (8U * 1024 * 1024)
/* On the way at most: a quarter of the ring, for at half of it the library begins to spool. */
#define IMPORT_RUN_MARK_BYTES 65536U
#define IMPORT_RUN_MARKS      32
_Static_assert(IMPORT_RUN_MARKS *IMPORT_RUN_MARK_BYTES * 4 <= IMPORT_RUN_RING_BYTES, "a quarter");
/* Alerts on the way; one has at most 33 KiB, their ring 1 MiB. */
#define IMPORT_RUN_EVENTS_MAX 8

struct importer_call;
struct importer_alert;

struct import_run {
    struct ctx *ctx;
    const struct bus *bus;
    int64_t patience_ns;
    struct tocsin *run;               /* NULL: not started */
    bool connected;                   /* a collector has answered once */
    uint64_t calls;                   /* made here */
    uint64_t bytes;                   /* of calls since the last mark */
    unsigned mark;                    /* where the next goes */
    uint64_t marks[IMPORT_RUN_MARKS]; /* calls that had been made when so many bytes more were */
};

/* Starts it and waits for a collector. */
enum exit_code import_run_start(struct import_run *run, const struct tocsin_options *options);
/* set: of the call's names. */
enum exit_code import_run_call(struct import_run *run, struct import_set *set,
                               const struct importer_call *call);
enum exit_code import_run_alert(struct import_run *run, const struct importer_alert *alert);
enum exit_code import_run_config(struct import_run *run, const char *json);
/* Waits until all is committed, and ends it. */
enum exit_code import_run_finish(struct import_run *run, int64_t time_ns);
/* Ends it as failed, with what can be delivered; fine if it was never started. */
void import_run_abandon(struct import_run *run);

#endif
