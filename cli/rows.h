/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

/* How the rows of a result are shown. Names of columns and JSON keys are the names that the SQL
 * statement gives; the form of a value follows from its PostgreSQL type. */

#include "cli/columns.h"
#include "cli/ctx.h"
#include "cli/json.h"
#include "cli/out.h"
#include "schema/db/pg.h"

#define ROWS_TIME_BYTES 64

/* PostgreSQL's text of a timestamptz in UTC as ISO 8601 with T, six digits of fraction or none, and
 * +00:00. What does not look like one (infinity) is copied as it is, cut to size. */
void rows_time(const char *text, char out[ROWS_TIME_BYTES]);

/* A table, TSV or CSV with these columns of the result. */
struct out *rows_out_new(const struct ctx *ctx, FILE *file, const struct pg_rows *rows,
                         const struct columns *columns);
/* A row as its next row. */
void rows_out(struct out *out, const struct pg_rows *rows, int row, const struct columns *columns);
/* One field as its next cell. */
void rows_out_field(struct out *out, const struct pg_rows *rows, int row, int column);

/* One field as a JSON value. */
void rows_json_value(struct json *json, const struct pg_rows *rows, int row, int column);
/* Fields from first up to but not including last, each as key and value. None of them may be a
 * floating-point number. */
void rows_json_members(struct json *json, const struct pg_rows *rows, int row, int first, int last);
/* The members of a row. If it has numbers that JSON cannot hold, "nonfinite" says at its end which:
 * "nan", or {name: "nan"} where a row may have several numbers. */
void rows_json_fields(struct json *json, const struct pg_rows *rows, int row,
                      const struct columns *columns);
/* The same as an object. */
void rows_json_row(struct json *json, const struct pg_rows *rows, int row,
                   const struct columns *columns);
/* One column of all rows as an array. */
void rows_json_column(struct json *json, const struct pg_rows *rows, int column);
/* Whether the column holds floating-point numbers. */
bool rows_is_float(const struct pg_rows *rows, int column);
/* "nan", "inf" or "-inf" if the field is such a number; else NULL. */
const char *rows_nonfinite(const struct pg_rows *rows, int row, int column);

#endif
