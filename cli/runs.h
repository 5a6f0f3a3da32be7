/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

/* The question behind the commands that choose among a project's runs: conditions, order, and the
 * metrics whose values are wanted. */

#include "cli/cond.h"
#include "cli/ctx.h"
#include "schema/db/pg.h"

/* The last columns of list_runs.sql, counted from the end. */
enum { RUNS_MAXIMUM = 1, RUNS_MINIMUM, RUNS_LAST, RUNS_TOTAL, RUNS_CONFIG };

struct runs {
    struct conds conds;
    struct cond order; /* subject NULL: none */
    bool descending;
    bool with_config; /* also each run's configuration; not read by runs_read() */
    const char *agg;  /* how several ranks become one; NULL: mean */
    const char *rank; /* NULL: all */
    const char *run;  /* the id of the one that is meant; NULL: all */
    int metrics_n;
    const char *metrics[ARGS_LIST_MAX]; /* those asked for; borrowed from the arguments, as are
                                           agg and rank */
};

/* From --filter, --metric, --sort, --agg and --rank. out: runs_free(). All zero: all runs. */
enum exit_code runs_read(struct ctx *ctx, struct runs *out);
void runs_free(struct runs *runs);
/* The runs that meet the conditions. limit: 0 for all. out_rows: list_runs.sql says what is in it.
 */
enum exit_code runs_query(struct ctx *ctx, const struct runs *runs, int64_t limit,
                          struct pg_rows **out_rows);
/* How many of the last columns are not shown. */
int runs_hidden(const struct runs *runs);
/* How many meet the conditions, also those beyond the limit. */
int64_t runs_total(const struct pg_rows *rows);

/* "metrics": {name: {last, min, max}} of a row, into the object that is open. Nothing if none were
 * asked for. */
void runs_json_metrics(struct json *json, const struct runs *runs, const struct pg_rows *rows,
                       int row);

#endif
