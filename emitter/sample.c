/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/sample.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire/wire.h"

_Static_assert(SAMPLE_MAX <= WIRE_KEYSET_COLUMNS_MAX, "a sample fits into one call");
_Static_assert(SAMPLE_MAX * 128 <= WIRE_KEYSET_NAMES_BYTES_MAX, "and so do names of usual length");

struct sample *sample_new(void) {
    return calloc(1, sizeof(struct sample));
}

void sample_free(struct sample *sample) {
    for (size_t i = 0; sample != NULL && i < sample->n; i++) {
        free(sample->names[i]);
    }
    free(sample);
}

void sample_begin(struct sample *sample) {
    if (sample->before_n > 0 && sample->n > sample->before_n) {
        sample->growths++;
    }
    for (size_t i = 0; i < sample->n; i++) {
        sample->values[i] = NAN;
    }
    sample->before_n = sample->n;
    sample->next = 0;
}

/* Where the name is; n: nowhere. */
static size_t find(const struct sample *sample, const char *name) {
    if (sample->next < sample->n && strcmp(sample->names[sample->next], name) == 0) {
        return sample->next;
    }
    size_t i = 0;
    while (i < sample->n && strcmp(sample->names[i], name) != 0) {
        i++;
    }
    return i;
}

static bool add(struct sample *sample, const char *name) {
    if (sample->n == SAMPLE_MAX || sample->growths >= SAMPLE_GROWTHS_MAX ||
        !str_is_text(str_of(name))) {
        return false;
    }
    sample->names[sample->n] = strdup(name);
    if (sample->names[sample->n] == NULL) {
        return false;
    }
    sample->values[sample->n] = NAN;
    sample->n++;
    return true;
}

void sample_set(struct sample *sample, double value, const char *format, ...) {
    char name[WIRE_NAME_BYTES_MAX + 1];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(name, sizeof name, format, args);
    va_end(args);
    if (isnan(value) || len <= 0 || (size_t)len >= sizeof name) {
        return;
    }
    const size_t i = find(sample, name);
    if (i < sample->n || add(sample, name)) {
        if (!(sample->values[i] > value)) {
            sample->values[i] = value;
        }
        sample->next = i + 1;
    }
}

bool sample_is_known(const struct sample *sample) {
    for (size_t i = 0; i < sample->n; i++) {
        if (!isnan(sample->values[i])) {
            return true;
        }
    }
    return false;
}
