/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

#define ROWS_PER_PIECE 1000

struct out {
    FILE *file;
    struct out_style style;
    int n;
    int column;                   /* of the next cell */
    char *header;                 /* the line before the first row of TSV and CSV; NULL: printed */
    struct libscols_table *table; /* NULL for the other forms */
    struct libscols_line *line;
    int rows; /* in the piece of the table that is being collected */
};

/* Words that people look for in a long table. Everything else stays plain. */
static const struct {
    const char *column, *text, *color;
} colors[] = {
    {"level", "error", "red"},  {"level", "warn", "yellow"},    {"level", "info", "blue"},
    {"state", "failed", "red"}, {"state", "running", "yellow"}, {"state", "finished", "green"},
};

/* libsmartcols fails only when memory is out. */
static void need(bool success) {
    if (!success) {
        abort();
    }
}

static struct libscols_table *new_table(const struct out *out, const struct out_column *columns) {
    struct libscols_table *table = scols_new_table();
    need(table != NULL);
    scols_table_set_stream(table, out->file);
    scols_table_enable_colors(table, out->style.color);
    scols_table_enable_noencoding(table, 1); /* text_put() has done it */
    scols_table_set_termforce(table, out->style.width > 0 ? SCOLS_TERMFORCE_ALWAYS
                                                          : SCOLS_TERMFORCE_NEVER);
    scols_table_set_termwidth(table, (size_t)out->style.width);
    for (int i = 0; i < out->n; i++) {
        char *name = text_clean(columns[i].name);
        const int flags =
            (columns[i].right ? SCOLS_FL_RIGHT : 0) | (columns[i].wrap ? SCOLS_FL_WRAP : 0);
        struct libscols_column *column = scols_table_new_column(table, name, 0, flags);
        need(column != NULL);
        scols_cell_set_color(scols_column_get_header(column), "bold");
        free(name);
    }
    return table;
}

static void quoted_cell(FILE *file, const char *text) {
    char *clean = text_clean(text);
    const bool quoted = strpbrk(clean, ",\"") != NULL;
    fputs(quoted ? "\"" : "", file);
    for (const char *at = clean; *at != '\0'; at++) {
        fputs(*at == '"' ? "\"" : "", file);
        fputc(*at, file);
    }
    fputs(quoted ? "\"" : "", file);
    free(clean);
}

/* Cell i of a line of n. */
static void line_cell(FILE *file, enum out_form form, const char *text, int i, int n) {
    if (form == OUT_CSV) {
        quoted_cell(file, text);
    } else {
        text_put(file, text);
    }
    fputc(i + 1 == n ? '\n' : form == OUT_CSV ? ',' : '\t', file);
}

static char *header_line(enum out_form form, int n, const struct out_column *columns) {
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    need(file != NULL);
    for (int i = 0; i < n; i++) {
        line_cell(file, form, columns[i].name, i, n);
    }
    need(fclose(file) == 0);
    return text;
}

struct out *out_new(FILE *file, struct out_style style, int n, const struct out_column *columns) {
    struct out *out = calloc(1, sizeof *out);
    need(out != NULL);
    *out = (struct out){.file = file, .style = style, .n = n};
    if (style.form == OUT_TABLE) {
        out->table = new_table(out, columns);
    } else {
        out->header = header_line(style.form, n, columns);
    }
    return out;
}

/* Prints the collected rows; only the first piece has a header. */
static void print_piece(struct out *out) {
    if (out->rows == 0) {
        return;
    }
    need(scols_print_table(out->table) == 0);
    scols_table_remove_lines(out->table);
    scols_table_enable_noheadings(out->table, 1);
    out->rows = 0;
}

static void set_color(const struct out *out, const char *text) {
    struct libscols_cell *cell = scols_line_get_cell(out->line, (size_t)out->column);
    struct libscols_column *column = scols_table_get_column(out->table, (size_t)out->column);
    const char *name = scols_cell_get_data(scols_column_get_header(column));
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
        if (strcmp(colors[i].text, text) == 0 && strcmp(colors[i].column, name) == 0) {
            scols_cell_set_color(cell, colors[i].color);
        }
    }
}

static void table_cell(struct out *out, const char *text) {
    if (out->column == 0) {
        if (out->rows == ROWS_PER_PIECE) {
            print_piece(out);
        }
        out->line = scols_table_new_line(out->table, NULL);
        need(out->line != NULL);
        out->rows++;
    }
    char *clean = text_clean(text);
    need(scols_line_refer_data(out->line, (size_t)out->column, clean) == 0);
    if (out->style.color) {
        set_color(out, clean);
    }
}

static void print_header(struct out *out) {
    if (out->header != NULL) {
        fputs(out->header, out->file);
        free(out->header);
        out->header = NULL;
    }
}

void out_cell(struct out *out, const char *text) {
    const char *shown = text == NULL ? "" : text;
    if (out->table != NULL) {
        table_cell(out, shown);
    } else {
        print_header(out);
        line_cell(out->file, out->style.form, shown, out->column, out->n);
    }
    out->column = (out->column + 1) % out->n;
}

void out_end(struct out *out) {
    if (out != NULL && out->table != NULL) {
        print_piece(out);
    } else if (out != NULL) {
        print_header(out);
    }
}

void out_free(struct out *out) {
    if (out != NULL) {
        scols_unref_table(out->table);
        free(out->header);
        free(out);
    }
}
