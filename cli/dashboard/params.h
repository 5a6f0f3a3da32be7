/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_PARAMS_H
#define CLI_DASHBOARD_PARAMS_H

/* The parameters of a request, in the order in which they came: text without NUL, and not more than
 * so many. */

#include <stdbool.h>
#include <stddef.h>

#define PARAMS_MAX       1100 /* a thousand runs and what else there is */
#define PARAMS_BYTES_MAX ((size_t)64 * 1024)

struct param {
    const char *name;
    const char *value; /* "" for a name alone */
};

struct params {
    int n;
    struct param list[PARAMS_MAX];
    size_t bytes;
    const char *problem; /* what is wrong with them; NULL: nothing */
};

/* Adds one; borrows both. value: NULL for a name alone; sizes: what they would be with NULs inside.
 */
void params_add(struct params *params, const char *name, size_t name_bytes, const char *value,
                size_t value_bytes);
/* The first of that name; NULL: there is none. */
const char *params_get(const struct params *params, const char *name);
/* Value i (from 0) of that name; NULL: no more. */
const char *params_nth(const struct params *params, const char *name, int i);

#endif
