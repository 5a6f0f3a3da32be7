/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

/* Rows for people: a table on a terminal, TSV or CSV with a header line elsewhere. Every cell
 * passes text_put(), so a row is one line and no cell can steer a terminal. Memory is bounded: a
 * long table is printed in pieces, whose columns are aligned each by itself. */

#include <stdbool.h>
#include <stdio.h>

enum out_form {
    OUT_TSV,
    OUT_CSV, /* RFC 4180: what has a comma or a quote in it is quoted */
    OUT_TABLE,
};

struct out_style {
    enum out_form form;
    bool color;
    int width; /* of the terminal, in columns; 0: unknown, never wrap */
};

struct out_column {
    const char *name;
    bool right; /* aligned */
    bool wrap;  /* may be broken into lines where the terminal is too narrow */
};

struct out; /* one table */

/* Prints nothing yet. Borrows file; copies the rest. */
struct out *out_new(FILE *file, struct out_style style, int n, const struct out_column *columns);
/* The next cell; rows are complete when the caller ends. NULL: empty. */
void out_cell(struct out *out, const char *text);
/* The last row is in: prints what is left. A table without rows prints nothing, the others
 * their header. */
void out_end(struct out *out);
/* Frees; after an error without out_end() before it. Both are fine with NULL. */
void out_free(struct out *out);

#endif
