/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEFTOUT_H
#define CLI_LEFTOUT_H

/* What an import did not take, by kind: counted, and the first of each remembered. */

#include <stddef.h>
#include <stdint.h>

#define LEFTOUT_KINDS_MAX     24
#define LEFTOUT_EXAMPLE_BYTES 96

struct leftout_kind {
    const char *what; /* "histograms"; borrowed for ever */
    uint64_t n;
    char example[LEFTOUT_EXAMPLE_BYTES]; /* cut to size */
};

struct leftout {
    size_t n;
    struct leftout_kind kinds[LEFTOUT_KINDS_MAX];
};

/* what: one of a fixed number of literals; example: a name in the source. */
void leftout_add(struct leftout *leftout, const char *what, const char *example);

#endif
