/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/text.h"
#include "schema/wire/clock.h"

#define PAUSE_NS (200 * CLOCK_NS_PER_MS)

static int64_t shown_ns; /* when; 0: the line is empty */

void import_progress_show(const char *name, uint64_t skipped, uint64_t calls) {
    const int64_t now_ns = clock_mono_ns();
    if (now_ns - shown_ns < PAUSE_NS || isatty(STDERR_FILENO) != 1) {
        return;
    }
    shown_ns = now_ns;
    fprintf(stderr, "\r\x1b[K");
    text_put(stderr, name);
    fprintf(stderr, ": %" PRIu64 " calls", calls);
    if (skipped > 0) {
        fprintf(stderr, ", %" PRIu64 " were there already", skipped);
    }
    fflush(stderr);
}

void import_progress_clear(void) {
    if (shown_ns != 0) {
        fprintf(stderr, "\r\x1b[K");
        shown_ns = 0;
    }
}
