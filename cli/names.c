/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/names.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define NAME_BYTES_MAX 255 /* as the wire allows */
#define NAMES_SHOWN    5

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int lower(char c) {
    return tolower((unsigned char)c);
}

/* Edits (insert, remove, replace, swap of neighbours) from a to b, counted in bytes. */
static int edits(const char *a, const char *b) {
    const size_t a_len = strlen(a);
    const size_t b_len = strlen(b);
    int rows[3][NAME_BYTES_MAX + 1];
    for (size_t i = 0; i <= a_len; i++) {
        int *now = rows[i % 3];
        const int *above = rows[(i + 2) % 3];
        const int *before = rows[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= b_len; j++) {
            if (i == 0) {
                now[j] = (int)j;
                continue;
            }
            const int same = lower(a[i - 1]) == lower(b[j - 1]);
            now[j] = smaller(above[j - 1] + !same, smaller(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                now[j] = smaller(now[j], before[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

/* Lower is nearer; above the limit it is not meant. Containment counts as one edit, so that of
 * several names the one that contains the word wins over a far misspelling. */
static int distance(const char *wanted, const char *name) {
    if (strlen(name) > NAME_BYTES_MAX) {
        return NAME_BYTES_MAX;
    }
    const int close = edits(wanted, name);
    return strlen(wanted) >= 3 && strcasestr(name, wanted) != NULL ? smaller(close, 1) : close;
}

const char *names_nearest(const char *wanted, const char *const *names, int n) {
    const char *nearest = NULL;
    const size_t len = strlen(wanted);
    int best = (int)len / 3 + 2; /* a third of the letters may be wrong, at least one */
    for (int i = 0; i < n && len <= NAME_BYTES_MAX; i++) {
        const int far = distance(wanted, names[i]);
        if (far < best) {
            best = far;
            nearest = names[i];
        }
    }
    return nearest;
}

void names_put(FILE *file, const char *const *names, int n) {
    for (int i = 0; i < n && i < NAMES_SHOWN; i++) {
        fprintf(file, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    if (n > NAMES_SHOWN) {
        fprintf(file, " and %d more", n - NAMES_SHOWN);
    }
}
