/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

/* How the rows of a result are shown. Names of columns and JSON keys are the names that the SQL
 * statement gives; the form of a value follows from its PostgreSQL type. */

#include "cli/ctx.h"
#include "cli/json.h"
#include "cli/out.h"
#include "schema/db/pg.h"

#define ROWS_TIME_BYTES 64

/* PostgreSQL's text of a timestamptz in UTC as ISO 8601 with T, six digits of fraction or none, and
 * +00:00. What does not look like one (infinity) is copied as it is, cut to size. */
void rows_time(const char *text, char out[ROWS_TIME_BYTES]);

/* A table or TSV with the first n columns of the result. */
struct out *rows_out_new(const struct ctx *ctx, FILE *file, const struct pg_rows *rows, int n);
/* The first n fields of a row as its next row. */
void rows_out(struct out *out, const struct pg_rows *rows, int row, int n);
/* One field as its next cell. */
void rows_out_field(struct out *out, const struct pg_rows *rows, int row, int column);
/* All rows of a result on stdout. wide: so many last columns have no room on a terminal; empty:
 * said on a terminal when there is no row. */
void rows_out_all(const struct ctx *ctx, const struct pg_rows *rows, int wide, const char *empty);

/* One field as a JSON value. */
void rows_json_value(struct json *json, const struct pg_rows *rows, int row, int column);
/* Fields from first up to but not including last, each as key and value. After a value that is no
 * number stands "nonfinite"; so at most one of the fields may be a floating-point number. */
void rows_json_members(struct json *json, const struct pg_rows *rows, int row, int first, int last);
/* All rows as an array of objects. */
void rows_json_array(struct json *json, const struct pg_rows *rows);
/* One column of all rows as an array. */
void rows_json_column(struct json *json, const struct pg_rows *rows, int column);
/* "nan", "inf" or "-inf" if the field is such a number; else NULL. */
const char *rows_nonfinite(const struct pg_rows *rows, int row, int column);

#endif
