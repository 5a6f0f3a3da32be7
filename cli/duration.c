/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    char letter;
    int64_t seconds;
} units[] = {{'y', 31536000}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define UNITS (sizeof units / sizeof *units)

static int64_t unit_seconds(const char *text) {
    for (size_t i = 0; i < UNITS; i++) {
        if (text[0] == units[i].letter && text[1] == '\0') {
            return units[i].seconds;
        }
    }
    return 0;
}

bool duration_parse(const char *text, int64_t *out_s) {
    char *end = NULL;
    int64_t s = 0;
    if (strcmp(text, "0") == 0) {
        *out_s = 0;
        return true;
    }
    if (!isdigit((unsigned char)text[0])) { /* no sign, no blank */
        return false;
    }
    errno = 0;
    const int64_t number = strtoimax(text, &end, 10);
    const int64_t unit = unit_seconds(end);
    if (errno != 0 || unit == 0 || __builtin_mul_overflow(number, unit, &s)) {
        return false;
    }
    *out_s = s;
    return true;
}

void duration_text(int64_t s, char out[DURATION_BYTES]) {
    size_t i = 0;
    while (i + 1 < UNITS && (s == 0 || s % units[i].seconds != 0)) {
        i++;
    }
    snprintf(out, DURATION_BYTES, "%" PRId64 "%c", s / units[i].seconds, units[i].letter);
}
