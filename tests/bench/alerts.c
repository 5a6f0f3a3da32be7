/* SPDX-License-Identifier: Apache-2.0 */
/* alerts N PAUSE_MS URL URLS: a run of one rank that raises N alerts, PAUSE_MS apart, each with a
 * title of its own. They name URL0, URL1, ... in turns, so that no endpoint's bucket is ever empty.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "emitter/include/tocsin.h"

#define FINISH_MS  60000
#define MS_PER_S   1000L
#define NS_PER_MS  1000000L
#define TEXT_BYTES 512

static void pause_ms(long ms) {
    const struct timespec pause = {.tv_sec = ms / MS_PER_S, .tv_nsec = ms % MS_PER_S * NS_PER_MS};
    nanosleep(&pause, NULL);
}

int main(int argc, char **argv) {
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    struct tocsin *run = NULL;
    if (argc != 5 || tocsin_start(&options, &run) != TOCSIN_OK) {
        return 2;
    }
    const long n = strtol(argv[1], NULL, 10);
    const long urls = strtol(argv[4], NULL, 10);
    for (long i = 0; i < n; i++) {
        char title[TEXT_BYTES];
        char url[TEXT_BYTES];
        pause_ms(strtol(argv[2], NULL, 10));
        snprintf(title, sizeof title, "alert %ld", i);
        snprintf(url, sizeof url, "%s%ld", argv[3], i % urls);
        if (tocsin_alert(run, TOCSIN_WARN, title, "of the benchmark", i, url) != TOCSIN_OK) {
            return 1;
        }
    }
    return tocsin_finish(&run, FINISH_MS) == TOCSIN_OK ? 0 : 1;
}
