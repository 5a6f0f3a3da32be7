/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SAMPLE_H
#define EMITTER_SAMPLE_H

/* What a source of system metrics reads at one time: names and values. Each different list of names
 * is a keyset of the run, and a run has room for so many: so a name that was seen once stays in the
 * list, with NaN when it could not be read, and the list grows a few times only. One thread. */

#include <stdbool.h>
#include <stddef.h>

#define SAMPLE_MAX         2048 /* names: 1,024 CPUs and what else there is, or 64 GPUs */
#define SAMPLE_GROWTHS_MAX 8    /* how often names may be added to those of the first time */

struct sample {
    size_t n;
    char *names[SAMPLE_MAX]; /* owned; never changed, never moved */
    double values[SAMPLE_MAX];
    size_t before_n; /* names when this round began */
    size_t next;     /* where the next one is if they come in the same order as last time */
    unsigned growths;
};

/* NULL: out of memory. */
struct sample *sample_new(void);
void sample_free(struct sample *sample); /* NULL is fine */

/* A new round: no value is known. */
void sample_begin(struct sample *sample);
/* A value of this round; of several for one name the highest. NaN is none. A new name that is no
 * text, too long, or for which there is no room, is left out. */
void sample_set(struct sample *sample, double value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether any value is known. */
bool sample_is_known(const struct sample *sample);

#endif
