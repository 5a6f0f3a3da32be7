/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/leftout.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void leftout_add(struct leftout *leftout, const char *what, const char *example) {
    size_t i = 0;
    while (i < leftout->n && strcmp(leftout->kinds[i].what, what) != 0) {
        i++;
    }
    if (i == leftout->n) {
        assert(i < LEFTOUT_KINDS_MAX);
        leftout->kinds[i] = (struct leftout_kind){.what = what};
        snprintf(leftout->kinds[i].example, sizeof leftout->kinds[i].example, "%s", example);
        leftout->n++;
    }
    leftout->kinds[i].n++;
}
