/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CTX_H
#define CLI_CTX_H

/* What a running command has: its arguments, where its output goes, and the one place for the
 * sentence that main prints when it fails. */

#include <stdbool.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/out.h"
#include "schema/wire/err.h"

struct pg;

struct ctx {
    const struct args *args;
    const char *dsn; /* --dsn; NULL: dsn_resolve() decides */
    bool private;    /* the connection is to the private PostgreSQL of `tocsin up` */
    bool json;
    struct out_style style;
    struct pg *pg; /* NULL until db_open(); owned by ctx */
    char *error;   /* owned by ctx */
};

/* Keeps the sentence that main prints on stderr as "Error: <sentence>", cleaned of control
 * characters, and returns code: `return ctx_fail(ctx, EXIT_USAGE, "...");`. A later sentence
 * replaces an earlier one. */
enum exit_code ctx_fail(struct ctx *ctx, enum exit_code code, const char *format, ...)
    ERR_PRINTF(3, 4);
/* One cleaned line on stderr at once: progress and remarks. */
void ctx_note(const char *format, ...) ERR_PRINTF(1, 2);

#endif
