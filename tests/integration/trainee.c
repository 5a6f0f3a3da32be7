/* SPDX-License-Identifier: Apache-2.0 */
/* trainee STOP_FILE [ALERTS]: a training process that logs one call of two metrics every few
 * milliseconds until STOP_FILE exists, raises that many alerts at its start, and then finishes.
 * Everything else comes from the environment. Prints how many calls it logged. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"

#define PAUSE_NS  5000000
#define FINISH_MS 60000

int main(int argc, char **argv) {
    static const char *const names[] = {"loss", "norm"};
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    struct tocsin *run = NULL;
    tocsin_keyset keyset = 0;
    if (argc < 2 || tocsin_start(&options, &run) != TOCSIN_OK ||
        tocsin_prepare(run, 2, names, &keyset) != TOCSIN_OK) {
        return 2;
    }
    for (int i = 0; argc > 2 && i < atoi(argv[2]); i++) {
        (void)tocsin_alert(run, TOCSIN_WARN, "something", NULL, i, NULL);
    }
    int64_t calls = 0;
    for (; access(argv[1], F_OK) != 0; calls++) {
        const double values[] = {1.0 / (double)(calls + 1), (double)calls};
        (void)tocsin_log(run, keyset, calls, values);
        nanosleep(&pause, NULL);
    }
    printf("logged %lld\n", (long long)calls);
    return tocsin_finish(&run, FINISH_MS) == TOCSIN_OK ? 0 : 1;
}
