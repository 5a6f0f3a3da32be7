/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHARLM_WATCH_H
#define CHARLM_WATCH_H

/* The rules that turn a loss curve into alerts. */

#include <stdbool.h>
#include <stdint.h>

#include "tocsin.h"

struct watch {
    double best_train;
    double best_val;
    int above; /* steps in a row far above the best */
    int flat;  /* evaluations in a row without progress */
    bool divergence_told;
    bool plateau_told;
};

void watch_init(struct watch *watch);

/* True: the loss is no number any more and training cannot go on. */
bool watch_train(struct watch *watch, struct tocsin *run, int64_t step, double loss);
void watch_val(struct watch *watch, struct tocsin *run, int64_t step, double loss);

#endif
