/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

/* What somebody may have meant who wrote a name that does not exist. Pure. */

#include <stdio.h>

/* The name most like `wanted`, or NULL where none is like it. Case does not count; a name that
 * contains `wanted` is like it ("loss" means "train/loss"). Borrows. Names over 255 bytes are
 * never found. */
const char *names_nearest(const char *wanted, const char *const *names, int n);

/* "a, b, c, d, e and 12 more", as they are (not cleaned). */
void names_put(FILE *file, const char *const *names, int n);

#endif
