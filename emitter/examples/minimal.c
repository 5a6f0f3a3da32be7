/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest training loop that logs: the example of tocsin.h as a program. */

#include <math.h>
#include <stdio.h>

#include "tocsin.h"

int main(void) {
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.project = "minimal";
    options.config = "{\"lr\": 0.001}";

    struct tocsin *run = NULL;
    if (tocsin_start(&options, &run) != TOCSIN_OK) {
        fprintf(stderr, "training without tocsin\n");
    }
    const char *const names[] = {"train/loss", "train/grad_norm"};
    tocsin_keyset keyset = 0;
    tocsin_prepare(run, 2, names, &keyset);
    for (int step = 0; step < 1000; step++) {
        const double loss = 4.0 * exp(-step / 200.0);
        const double values[] = {loss, loss / 10};
        tocsin_log(run, keyset, step, values);
        if (step == 500) {
            tocsin_alert(run, TOCSIN_INFO, "half way", NULL, step, NULL);
        }
    }
    return tocsin_finish(&run, -1) == TOCSIN_OK ? 0 : 1;
}
