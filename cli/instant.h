/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INSTANT_H
#define CLI_INSTANT_H

/* Times and numbers as files of other programs have them. Pure. */

#include <stdbool.h>
#include <stdint.h>

/* ISO 8601 with or without T, fraction and zone (none: UTC), or seconds since 1970. False: neither,
 * or not between 1970 and 2262, which is what nanoseconds in an int64 hold. What is finer than a
 * nanosecond is cut off. */
bool instant_parse(const char *text, int64_t *out_ns);
/* Seconds since 1970. False as above, and for NaN. */
bool instant_of_seconds(double seconds, int64_t *out_ns);

/* A number, blanks around it; NaN and the infinities by name, in any case. */
bool instant_number(const char *text, double *out);

#endif
