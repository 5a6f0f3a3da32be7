/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EXITS_H
#define CLI_EXITS_H

/* The exit codes, once: help, docs/cli.md and errors in JSON are derived from this table. */

#include <stdbool.h>

#include "cli/command.h"

struct exits {
    const char *name; /* "not_found": `code` in the JSON of an error */
    const char *text;
    enum exit_code code;
    bool retryable; /* the same command may work later */
};

/* Ended by a row without name. */
extern const struct exits exits_table[];
/* The row of a code. */
const struct exits *exits_find(enum exit_code code);

#endif
