/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

/* A CSV file as a run: which column is what, and its rows as calls. */

#include <stddef.h>
#include <stdint.h>

#include "cli/csv.h"
#include "cli/ctx.h"
#include "cli/importer.h"
#include "cli/leftout.h"

enum table_role {
    TABLE_IGNORED,
    TABLE_METRIC,
    TABLE_STEP, /* one at most; without it steps are row numbers from 0 */
    TABLE_TIME, /* one at most; without it times are that of the file */
};

struct table_column {
    char *header; /* as the file has it */
    enum table_role role;
    const char *name; /* of the metric; borrowed from header */
};

struct table {
    char *path; /* without links */
    struct csv *csv;
    int64_t changed_ns;   /* when the file was changed last */
    uint64_t rows_offset; /* where the first record behind the header is */
    uint64_t rows_line;
    size_t n;
    struct table_column *columns; /* all ignored at first */
};

/* Opens it and reads its header. */
enum exit_code table_open(struct ctx *ctx, const char *path, struct table *out);
void table_close(struct table *table); /* fine on a zeroed one */

/* The first column of that name, in any case; NULL: none. */
struct table_column *table_find(const struct table *table, const char *header);
/* Whether the names of the metrics can be names of metrics, each of one column. */
enum exit_code table_check(struct ctx *ctx, const struct table *table);
/* Goes to the first row. */
enum exit_code table_rewind(struct ctx *ctx, struct table *table);
/* The next row. out_more false: there is none. */
enum exit_code table_next(struct ctx *ctx, struct table *table, bool *out_more);
/* All rows, as the roles of the columns say. */
enum exit_code table_read(struct ctx *ctx, struct table *table, struct importer *importer,
                          struct leftout *leftout);

/* Whether there is nothing in a cell. */
bool table_is_empty(const char *cell);
/* The cell as a step or time; what is wrong with it is said with the line. */
enum exit_code table_step(struct ctx *ctx, const struct table *table, const char *cell,
                          int64_t *out_step);
enum exit_code table_time(struct ctx *ctx, const struct table *table, const char *cell,
                          int64_t *out_ns);

#endif
