/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_LINES_H
#define CLI_MCP_LINES_H

/* Bytes as they come, line by line. A line that is too long is dropped up to its end, said once,
 * and costs no more memory than the limit. Pure. */

#include "schema/wire/buf.h"

#define LINES_BYTES_MAX ((size_t)1024 * 1024) /* of one line, its line break not counted */
#define LINES_PUSH_MAX  ((size_t)64 * 1024)

enum lines_next { LINES_NONE, LINES_ONE, LINES_TOO_LONG };

struct lines {
    struct buf buf;
    size_t start;  /* of what has not been taken */
    bool dropping; /* up to the end of a line that is too long */
};

void lines_init(struct lines *lines);
void lines_fini(struct lines *lines);
/* At most LINES_PUSH_MAX bytes, and only when lines_next() has said LINES_NONE. */
void lines_push(struct lines *lines, const void *bytes, size_t len);
/* out_line: without its line break; borrows until the next push. Empty lines are passed over. */
enum lines_next lines_next(struct lines *lines, struct str *out_line);

#endif
