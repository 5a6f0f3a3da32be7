/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FAKE_COLLECTOR_H
#define TESTS_UNIT_FAKE_COLLECTOR_H

/* A collector in a thread of the test: a ROUTER that accepts only the next batch of each lane,
 * remembers what it accepted, and misbehaves as it is told. "Committed" is what it remembers. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

struct fake_plan {
    unsigned lose_every;    /* every n-th of the first new batches never arrived */
    unsigned hang_up_every; /* every n-th new one: committed, not acknowledged, connection closed */
    unsigned disown_every;  /* every n-th new one: "I do not know this producer" */
    unsigned replace_after; /* once, after n batches: the database is another, empty one */
    bool mute;              /* answers nothing */
    bool mute_batches;      /* welcomes, but acknowledges nothing */
    enum wire_refusal refuse; /* every hello is refused; 0: none */
};

struct fake_call {
    uint64_t keyset_id;
    int64_t step;
    int64_t time_ns;
    uint32_t columns;
    double first; /* values of the first and last column */
    double last;
};

#define FAKE_GAPS_MAX 4096

struct fake_seen { /* what is committed */
    size_t calls_n;
    struct fake_call *calls;
    size_t definitions_n;
    uint64_t definitions[64]; /* keyset ids */
    char first_names[64][WIRE_NAME_BYTES_MAX + 1];
    size_t alerts_n;
    char titles[64][WIRE_TITLE_BYTES_MAX + 1];
    int64_t alert_steps[64];
    int64_t alert_times_ns[64];
    char alert_urls[64][WIRE_URL_BYTES_MAX + 1]; /* "": none, or an empty one */
    bool alert_has_url[64];
    size_t text_bytes; /* of the last alert */
    size_t configs_n;
    size_t gaps_n;
    struct wire_gap gaps[FAKE_GAPS_MAX];
    size_t untold_n;  /* batches whose `dropped` is not the sum of their producer's gaps so far */
    size_t changed_n; /* batches that came again and told other drops */
    size_t finishes_n;
    enum wire_ending ending;
    int64_t finish_ns;
    uint64_t emitted[WIRE_LANES];
    uint64_t dropped[WIRE_LANES];
    size_t undefined_n; /* blocks of a keyset that was not defined before */
    size_t producers_n;
    size_t hellos_n;
    uint64_t run_id;
    uint32_t rank;
    uint32_t world_size;
    int64_t started_ns;
    size_t damaged_n; /* frames that do not decode */
};

struct fake_collector;

struct fake_collector *fake_start(const char *endpoint, struct fake_plan plan);
/* A copy of the numbers as they are now; calls is NULL in it. */
struct fake_seen fake_look(struct fake_collector *fake);
/* Waits until at least n calls and alerts are committed. False after ten seconds. */
bool fake_wait(struct fake_collector *fake, size_t calls_n, size_t alerts_n);
void fake_change(struct fake_collector *fake, struct fake_plan plan);
/* Ends the thread. The result is owned by the caller: fake_seen_free(). */
struct fake_seen *fake_stop(struct fake_collector *fake);
void fake_seen_free(struct fake_seen *seen);

#endif
