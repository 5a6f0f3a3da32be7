/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SINCE_H
#define CLI_SINCE_H

/* A time in the past as people give it: ISO 8601, with or without a zone, or so long ago: 15m, 2h,
 * 7d. What is not the one is taken for the other, and PostgreSQL reads it. */

#include "cli/ctx.h"
#include "schema/db/pg.h"

#define SINCE_BYTES 24

struct since {
    char seconds[SINCE_BYTES];
    struct pg_param time; /* timestamptz, or null */
    struct pg_param ago;  /* float8: seconds, or null; one of the two at most is given */
};

/* Of the option's text; NULL: neither. out points into itself and into text: not to be copied. */
void since_read(const char *text, struct since *out);

#endif
