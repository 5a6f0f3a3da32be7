/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TRIPLE_H
#define CLI_TRIPLE_H

/* The three numbers by which a metric is compared: its latest value, the least and the greatest.
 * The statements give them as three arrays: last, minimum, maximum. */

#include <stdbool.h>

#include "cli/array.h"
#include "cli/json.h"
#include "schema/db/pg.h"

#define TRIPLE_PARTS 3

struct triple {
    char parts[TRIPLE_PARTS][ARRAY_NUMBER_BYTES]; /* as PostgreSQL wrote them; "": null */
};

struct triples {
    const char *rest[TRIPLE_PARTS];
};

/* The arrays are the columns from `column` on; borrows from rows. */
void triples_init(struct triples *out, const struct pg_rows *rows, int row, int column);
/* False: there is none left. */
bool triples_next(struct triples *triples, struct triple *out);

/* {"last": ..., "min": ..., "max": ...}, with "nonfinite" if it is needed. */
void triple_json(struct json *json, const struct triple *triple);

#endif
