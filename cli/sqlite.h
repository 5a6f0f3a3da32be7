/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SQLITE_H
#define CLI_SQLITE_H

/* A SQLite file of another program, opened to be read and left as it is, also while that program
 * writes. The file may be hostile: nothing that its schema defines is run. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/err.h"

struct sqlite;
struct sqlite_rows; /* of one statement */

/* Errors: ERR_NOT_FOUND, ERR_IO, ERR_VALUE (no database) with a sentence. All reads see the state
 * of this moment. */
enum err sqlite_open(const char *path, struct sqlite **out, struct why *why) ERR_MUST_CHECK;
void sqlite_close(struct sqlite *sqlite); /* NULL is fine */
bool sqlite_has(struct sqlite *sqlite, const char *table, const char *column);

/* sql: of this program; argument: its ?1, NULL: it has none. Borrowed until the rows are freed. */
enum err sqlite_query(struct sqlite *sqlite, const char *sql, const char *argument,
                      struct sqlite_rows **out, struct why *why) ERR_MUST_CHECK;
enum err sqlite_next(struct sqlite_rows *rows, bool *out_more, struct why *why) ERR_MUST_CHECK;
void sqlite_rows_free(struct sqlite_rows *rows); /* NULL is fine */

/* A field of the row; NULL: it is null. Borrowed until the next row. */
const char *sqlite_text(struct sqlite_rows *rows, int column, size_t *out_len);
/* False: it is no whole number. */
bool sqlite_int(struct sqlite_rows *rows, int column, int64_t *out);

#endif
