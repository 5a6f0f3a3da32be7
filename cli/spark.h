/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SPARK_H
#define CLI_SPARK_H

/* A curve as a row of blocks, for terminals. */

#define SPARK_POINTS_MAX 32
#define SPARK_BYTES      (SPARK_POINTS_MAX * 3 + 1)

/* array: PostgreSQL's text of an array of numbers, NULL for none. NaN and the infinities are an x,
 * NULL a blank; more than SPARK_POINTS_MAX are cut. */
void spark_text(const char *array, char out[SPARK_BYTES]);

#endif
