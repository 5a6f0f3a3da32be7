/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EXPORT_FILE_H
#define CLI_EXPORT_FILE_H

/* Where an export goes: the answer's place, or a file that appears under its name only when it is
 * whole. And cells of CSV by RFC 4180, as they are: what a terminal shows is cleaned. */

#include <stdbool.h>
#include <stdio.h>

#include "cli/ctx.h"

struct export_file {
    FILE *file;
    char *path;      /* NULL: it is the answer */
    char *temporary; /* beside it */
    bool terminal;
};

/* path: NULL for the answer's place. */
enum exit_code export_file_open(struct ctx *ctx, const char *path, struct export_file *out);
/* Gives the file its name, or removes it if code is no good one. What is wrong becomes the result.
 */
enum exit_code export_file_close(struct ctx *ctx, struct export_file *file, enum exit_code code);

/* One cell, quoted where it must be. NULL: empty. */
void export_file_cell(const struct export_file *file, const char *text);

#endif
