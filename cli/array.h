/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ARRAY_H
#define CLI_ARRAY_H

/* PostgreSQL's text of arrays: made of texts, and read where it holds numbers. */

#include <stdbool.h>

#include "cli/ctx.h"

/* The text of an array of these. Gives. */
char *array_of_texts(int n, const char *const *texts);
/* Of all values of an option that may be repeated. Gives. */
char *array_of_option(const struct ctx *ctx, const char *option);

#define ARRAY_NUMBER_BYTES 40
/* Copies the next number of an array of numbers, as PostgreSQL wrote it; "" for NULL. *at: the
 * array's text at first, then what is left. False: there is none. */
bool array_next(const char **at, char out[ARRAY_NUMBER_BYTES]);

#endif
