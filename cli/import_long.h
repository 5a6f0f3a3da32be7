/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_LONG_H
#define CLI_IMPORT_LONG_H

/* The table that `tocsin export` writes: a row a value, with its run, rank, step, time and name.
 * Every run and rank in it is read by itself. Rows that follow each other with the same step and
 * time are one call; a row without a step is a system metric. */

#include <stdbool.h>

#include "cli/source.h"
#include "cli/table.h"

struct import_long;

/* Whether the columns are those. */
bool import_long_is(const struct table *table);
/* Reads the whole table once to find its runs, which are added to the source. Borrows the table. On
 * error nothing is written. */
enum exit_code import_long_open(struct ctx *ctx, struct table *table, struct source *source,
                                struct import_long **out);
/* All rows of run i of the source. */
enum exit_code import_long_read(struct ctx *ctx, struct import_long *rows, size_t i,
                                struct importer *importer);
void import_long_free(struct import_long *rows); /* NULL is fine */

#endif
