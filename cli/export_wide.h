/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EXPORT_WIDE_H
#define CLI_EXPORT_WIDE_H

/* Rows of values put together: a row for each step of each rank, a column for each metric. A metric
 * that has several values at one step makes a row more; the time is the first one's. */

#include "cli/export_file.h"
#include "schema/db/pg.h"

struct export_wide; /* aborts when memory is out */

/* Writes the header. names: copied. with_rank: a column says the rank. */
struct export_wide *export_wide_new(const struct export_file *file, size_t n,
                                    const char *const *names, bool with_rank);
/* The next value, of a statement export_values. */
void export_wide_put(struct export_wide *wide, const struct pg_rows *rows, int row);
/* Writes the last row. */
void export_wide_end(struct export_wide *wide);
void export_wide_free(struct export_wide *wide); /* NULL is fine */

#endif
