/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

/* Reads CSV by RFC 4180, a record at a time, in bounded memory. Records end with LF or CR LF; empty
 * lines are skipped; a byte order mark is. A quote inside a cell that does not begin with one is
 * part of the cell. Every record must have as many cells as the first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/wire/err.h"

#define CSV_RECORD_BYTES_MAX (4U * 1024 * 1024)
#define CSV_CELLS_MAX        65536U

struct csv; /* aborts when memory is out */

/* Takes the file. name: for sentences; copied. */
struct csv *csv_new(FILE *file, const char *name);
void csv_free(struct csv *csv); /* NULL is fine; closes the file */

/* The next record. out_more false: there is none. Errors: ERR_VALUE, ERR_TOO_LONG, ERR_IO with a
 * sentence that names file and line. */
enum err csv_read(struct csv *csv, bool *out_more, struct why *why) ERR_MUST_CHECK;

size_t csv_cells_n(const struct csv *csv);
/* Borrowed until the next read. */
const char *csv_cell(const struct csv *csv, size_t i);
/* Where the record begins. */
uint64_t csv_line(const struct csv *csv);
uint64_t csv_offset(const struct csv *csv);
/* Of what follows it. */
uint64_t csv_next_line(const struct csv *csv);
uint64_t csv_next_offset(const struct csv *csv);
/* Goes on at a record that was seen before. */
enum err csv_seek(struct csv *csv, uint64_t offset, uint64_t line, struct why *why) ERR_MUST_CHECK;

#endif
