/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <math.h>
#include <stdio.h>

#define DIVERGED_FACTOR 1.5   /* of the best loss so far ... */
#define DIVERGED_STEPS  10    /* ... for so many steps in a row */
#define PROGRESS        0.005 /* nats that count as progress in validation */
#define FLAT_EVALS      4

void watch_init(struct watch *watch) {
    *watch = (struct watch){.best_train = INFINITY, .best_val = INFINITY};
}

bool watch_train(struct watch *watch, struct tocsin *run, int64_t step, double loss) {
    char text[160];
    if (!isfinite(loss)) {
        snprintf(text, sizeof text, "the best loss before was %.4f; lower the learning rate",
                 watch->best_train);
        tocsin_alert(run, TOCSIN_ERROR, "loss is not a number", text, step, NULL);
        return true;
    }
    watch->best_train = fmin(watch->best_train, loss);
    watch->above = loss > DIVERGED_FACTOR * watch->best_train ? watch->above + 1 : 0;
    if (watch->above == DIVERGED_STEPS && !watch->divergence_told) {
        watch->divergence_told = true;
        snprintf(text, sizeof text, "loss %.4f, best %.4f, for %d steps", loss, watch->best_train,
                 DIVERGED_STEPS);
        tocsin_alert(run, TOCSIN_WARN, "loss is diverging", text, step, NULL);
    }
    return false;
}

void watch_val(struct watch *watch, struct tocsin *run, int64_t step, double loss) {
    char text[160];
    watch->flat = loss < watch->best_val - PROGRESS ? 0 : watch->flat + 1;
    watch->best_val = fmin(watch->best_val, loss);
    if (watch->flat == FLAT_EVALS && !watch->plateau_told) {
        watch->plateau_told = true;
        snprintf(text, sizeof text,
                 "validation loss %.4f, best %.4f, no progress in %d evaluations", loss,
                 watch->best_val, FLAT_EVALS);
        tocsin_alert(run, TOCSIN_INFO, "validation loss is on a plateau", text, step, NULL);
    }
}
