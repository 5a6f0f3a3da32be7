/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire/buf.h"

struct csv {
    FILE *file;
    char *name;
    struct buf text; /* of the record: its cells, a NUL behind each */
    size_t n;
    size_t expected;  /* cells of the first record; 0: not yet read */
    uint32_t *starts; /* of cells, in text; CSV_CELLS_MAX */
    uint64_t line;    /* of the record */
    uint64_t offset;
    uint64_t next_line; /* of what follows */
    uint64_t next_offset;
};

struct csv *csv_new(FILE *file, const char *name) {
    struct csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL || (csv->name = strdup(name)) == NULL ||
        (csv->starts = calloc(CSV_CELLS_MAX, sizeof *csv->starts)) == NULL) {
        abort();
    }
    csv->file = file;
    csv->next_line = 1;
    buf_init(&csv->text, CSV_RECORD_BYTES_MAX);
    return csv;
}

void csv_free(struct csv *csv) {
    if (csv == NULL) {
        return;
    }
    fclose(csv->file);
    buf_fini(&csv->text);
    free(csv->starts);
    free(csv->name);
    free(csv);
}

static enum err refuse(const struct csv *csv, enum err err, const char *what, struct why *why) {
    return why_set(why, err, "%s, line %llu: %s", csv->name, (unsigned long long)csv->line, what);
}

static int next(struct csv *csv) {
    const int c = getc_unlocked(csv->file);
    csv->next_offset += c != EOF ? 1 : 0;
    csv->next_line += c == '\n' ? 1 : 0;
    return c;
}

/* The character is not part of what is being read. */
static void put_back(struct csv *csv, int c) {
    if (c != EOF) {
        ungetc(c, csv->file);
        csv->next_offset--;
        csv->next_line -= c == '\n' ? 1 : 0;
    }
}

static enum err add(struct csv *csv, int c, struct why *why) {
    const uint8_t byte = (uint8_t)c;
    if (c == '\0') {
        return refuse(csv, ERR_VALUE, "there is a NUL byte; this is no text file in UTF-8", why);
    }
    return buf_append(&csv->text, &byte, 1) == ERR_OK
               ? ERR_OK
               : refuse(csv, ERR_TOO_LONG, "longer than 4 MiB; is a quote never closed?", why);
}

/* Whether the character ends a cell; CR LF counts as LF. */
static bool is_end(struct csv *csv, int *c) {
    if (*c == '\r') {
        const int following = next(csv);
        if (following == '\n' || following == EOF) {
            *c = following;
            return true;
        }
        put_back(csv, following);
    }
    return *c == ',' || *c == '\n' || *c == EOF;
}

/* Up to and with the quote that ends it. */
static enum err read_quoted(struct csv *csv, struct why *why) {
    for (;;) {
        const int c = next(csv);
        if (c == EOF) {
            return refuse(csv, ERR_VALUE, "a quote is never closed", why);
        }
        if (c == '"') {
            const int following = next(csv);
            if (following != '"') {
                put_back(csv, following);
                return ERR_OK;
            }
        }
        const enum err err = add(csv, c, why);
        if (err != ERR_OK) {
            return err;
        }
    }
}

/* One cell; out_end: what ended it. */
static enum err read_cell(struct csv *csv, int *out_end, struct why *why) {
    int c = next(csv);
    enum err err = ERR_OK;
    if (csv->n == CSV_CELLS_MAX) {
        return refuse(csv, ERR_TOO_LONG, "more than 65536 cells", why);
    }
    csv->starts[csv->n++] = (uint32_t)csv->text.len;
    if (c == '"') {
        err = read_quoted(csv, why);
        c = err == ERR_OK ? next(csv) : EOF;
        if (err == ERR_OK && !is_end(csv, &c)) {
            err = refuse(csv, ERR_VALUE, "text follows behind a quote that closes a cell", why);
        }
    }
    while (err == ERR_OK && !is_end(csv, &c)) {
        err = add(csv, c, why);
        c = next(csv);
    }
    *out_end = c;
    if (err != ERR_OK) {
        return err;
    }
    return buf_append(&csv->text, "", 1) == ERR_OK
               ? ERR_OK
               : refuse(csv, ERR_TOO_LONG, "longer than 4 MiB", why);
}

static enum err read_record(struct csv *csv, int *out_end, struct why *why) {
    enum err err = ERR_OK;
    int end = ',';
    buf_clear(&csv->text);
    csv->n = 0;
    csv->line = csv->next_line;
    csv->offset = csv->next_offset;
    while (err == ERR_OK && end == ',') {
        err = read_cell(csv, &end, why);
    }
    *out_end = end;
    return err;
}

static enum err skip_mark(struct csv *csv, struct why *why) {
    static const int mark[] = {0xef, 0xbb, 0xbf};
    const int first = next(csv);
    csv->line = 1;
    if (first == 0xff || first == 0xfe) {
        return refuse(csv, ERR_VALUE, "this is UTF-16; save it as UTF-8", why);
    }
    if (first != mark[0]) {
        put_back(csv, first);
        return ERR_OK;
    }
    return next(csv) == mark[1] && next(csv) == mark[2]
               ? ERR_OK
               : refuse(csv, ERR_VALUE, "this is no UTF-8", why);
}

static enum err check_cells(struct csv *csv, struct why *why) {
    if (csv->expected == 0) {
        csv->expected = csv->n;
    }
    return csv->n == csv->expected
               ? ERR_OK
               : why_set(why, ERR_VALUE, "%s, line %llu: %zu cells, but the first line has %zu",
                         csv->name, (unsigned long long)csv->line, csv->n, csv->expected);
}

enum err csv_read(struct csv *csv, bool *out_more, struct why *why) {
    enum err err = csv->next_offset == 0 ? skip_mark(csv, why) : ERR_OK;
    int end = '\n';
    do {
        err = err == ERR_OK ? read_record(csv, &end, why) : err;
    } while (err == ERR_OK && end != EOF && csv->n == 1 && csv->text.len == 1);
    if (err == ERR_OK && ferror(csv->file) != 0) {
        return why_set(why, ERR_IO, "cannot read %s: %s", csv->name, strerror(errno));
    }
    const bool more = err == ERR_OK && (csv->n > 1 || csv->text.len > 1);
    if (more) {
        err = check_cells(csv, why);
    }
    if (err == ERR_OK) {
        *out_more = more;
    }
    return err;
}

size_t csv_cells_n(const struct csv *csv) {
    return csv->n;
}

const char *csv_cell(const struct csv *csv, size_t i) {
    return (const char *)csv->text.ptr + csv->starts[i];
}

uint64_t csv_line(const struct csv *csv) {
    return csv->line;
}

uint64_t csv_offset(const struct csv *csv) {
    return csv->offset;
}

uint64_t csv_next_line(const struct csv *csv) {
    return csv->next_line;
}

uint64_t csv_next_offset(const struct csv *csv) {
    return csv->next_offset;
}

enum err csv_seek(struct csv *csv, uint64_t offset, uint64_t line, struct why *why) {
    if (fseeko(csv->file, (off_t)offset, SEEK_SET) != 0) {
        return why_set(why, ERR_IO, "cannot read %s: %s", csv->name, strerror(errno));
    }
    csv->next_offset = offset;
    csv->next_line = line;
    return ERR_OK;
}
