/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FLATTEN_H
#define CLI_FLATTEN_H

/* The numbers in a JSON object, with the path of each as its name: {"train": {"loss": 1}} is
 * train/loss = 1. true and false are 1 and 0; the strings "NaN", "Infinity" and "-Infinity" are the
 * numbers that JSON has no form for. Everything else is left out. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/leftout.h"

#define FLATTEN_BYTES_MAX ((size_t)16 * 1024 * 1024) /* of one object */
#define FLATTEN_DEPTH_MAX 16

struct flatten; /* aborts when memory is out */

struct flatten *flatten_new(void);
void flatten_free(struct flatten *flatten); /* NULL is fine */
/* False: this is no JSON object, or too large. */
bool flatten_read(struct flatten *flatten, const char *json, size_t len, struct leftout *leftout);
/* What was read, borrowed until the next read. */
size_t flatten_n(const struct flatten *flatten);
const char *const *flatten_names(const struct flatten *flatten);
const double *flatten_values(const struct flatten *flatten);

/* The string under a key of the object that was read; NULL: there is none. */
const char *flatten_text(const struct flatten *flatten, const char *key);

#endif
