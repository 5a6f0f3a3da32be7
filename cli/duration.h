/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DURATION_H
#define CLI_DURATION_H

/* Durations as people write them: a whole number and its unit, s, m, h, d or y (365 days): 90s,
 * 15m, 2h, 7d, 1y. */

#include <stdbool.h>
#include <stdint.h>

/* False: not a duration, or longer than INT64_MAX seconds. A 0 needs no unit. */
bool duration_parse(const char *text, int64_t *out_s);

#define DURATION_BYTES 24
/* In the largest unit that it is a whole number of: "90s", "15m". */
void duration_text(int64_t s, char out[DURATION_BYTES]);

#endif
