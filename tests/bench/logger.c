/* SPDX-License-Identifier: Apache-2.0 */
/* logger CALLS GO_FILE: one training process that logs ten metrics a call as fast as its ring takes
 * them, without losing one, and ends when all are acknowledged. It connects first and begins when
 * GO_FILE exists, so that many of them begin together. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"

#define METRICS     10
#define IN_RING_MAX 30000 /* calls that may wait: half of what the default ring holds */
#define CHECK_EVERY 256
#define FINISH_MS   120000

static void pause_ns(long ns) {
    const struct timespec pause = {.tv_nsec = ns};
    nanosleep(&pause, NULL);
}

static struct tocsin_stats stats_of(struct tocsin *run) {
    struct tocsin_stats stats = {.size = sizeof stats};
    (void)tocsin_get_stats(run, &stats);
    return stats;
}

static void wait_for_room(struct tocsin *run) {
    for (;;) {
        const struct tocsin_stats stats = stats_of(run);
        if (stats.emitted - stats.acknowledged < IN_RING_MAX) {
            return;
        }
        pause_ns(1000000);
    }
}

int main(int argc, char **argv) {
    static const char *const names[METRICS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    double values[METRICS] = {0};
    tocsin_keyset keyset;
    struct tocsin *run = NULL;
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.quiet = true;
    if (argc != 3 || tocsin_start(&options, &run) != TOCSIN_OK ||
        tocsin_prepare(run, METRICS, names, &keyset) != TOCSIN_OK) {
        return 2;
    }
    while (!stats_of(run).connected || access(argv[2], F_OK) != 0) {
        pause_ns(5000000);
    }
    const long calls = strtol(argv[1], NULL, 10);
    for (long step = 0; step < calls; step++) {
        if (step % CHECK_EVERY == 0) {
            wait_for_room(run);
        }
        for (int m = 0; m < METRICS; m++) {
            values[m] = (double)(float)(1.0 / (double)(step + m + 1)); /* as loss.item() gives */
        }
        if (tocsin_log(run, keyset, step, values) != TOCSIN_OK) {
            return 3;
        }
    }
    return tocsin_finish(&run, FINISH_MS) == TOCSIN_OK ? 0 : 4;
}
