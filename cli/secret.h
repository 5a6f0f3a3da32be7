/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

/* A secret on its way in: one line from a file, from a pipe, or typed without being shown. From
 * the first one on this process leaves no core dump. */

#include <stddef.h>

#include "schema/wire/err.h"

/* file: NULL: standard input, with the prompt on stderr if that is a terminal. Blanks around the
 * line are left out. Errors: ERR_IO, ERR_TOO_LONG, ERR_UTF8 (also for control characters: of two
 * lines nobody knows which is meant); why never repeats what was read. The caller wipes out. */
enum err secret_read(const char *file, const char *prompt, size_t size, char *out,
                     struct why *why) ERR_MUST_CHECK;

#endif
