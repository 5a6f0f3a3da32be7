/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CTX_H
#define CLI_CTX_H

/* What a running command has: its arguments, where its output goes, and the one place for the
 * sentence that main prints when it fails. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/out.h"
#include "schema/wire/err.h"

struct pg;

struct ctx {
    const struct args *args;
    const char *dsn; /* --dsn; NULL: dsn_resolve() decides */
    bool private;    /* the connection is to the private PostgreSQL of `tocsin up` */
    FILE *out;       /* where the answer goes; borrowed */
    bool json;       /* the answer is JSON: one document ... */
    bool lines;      /* ... or one object a line for each row */
    bool compact;    /* the document is one line too */
    int64_t rows;    /* in the answer; list.c counts them */
    struct out_style style;
    struct pg *pg; /* NULL until db_open(); owned by ctx */
    char *error;   /* owned by ctx, as is hint */
    char *hint;
};

/* Keeps the sentence that main prints on stderr as "Error: <sentence>", cleaned of control
 * characters, and returns code: `return ctx_fail(ctx, EXIT_USAGE, "...");`. A later sentence
 * replaces an earlier one and its hint. */
enum exit_code ctx_fail(struct ctx *ctx, enum exit_code code, const char *format, ...)
    ERR_PRINTF(3, 4);
/* The remedy, a sentence that is printed behind the error's. Returns code. */
enum exit_code ctx_hint(struct ctx *ctx, enum exit_code code, const char *format, ...)
    ERR_PRINTF(3, 4);
/* Nothing went wrong after all. */
void ctx_forget(struct ctx *ctx);
/* What was kept, as a JSON object {code, message, hint, retryable}; all of it must be there. */
void ctx_json_error(const struct ctx *ctx, enum exit_code code, struct json *json);
/* Prints what was kept, on stderr: as one line, or with --json as a JSON document. */
void ctx_complain(const struct ctx *ctx, enum exit_code code);
/* Frees what ctx owns. */
void ctx_fini(struct ctx *ctx);

/* One cleaned line on stderr at once: progress and remarks. */
void ctx_note(const char *format, ...) ERR_PRINTF(1, 2);
/* The same, for a table on a terminal only: an empty list is empty in a pipe. */
void ctx_remark(const struct ctx *ctx, const char *text);

/* How the command's JSON is written. */
enum json_form ctx_json_form(const struct ctx *ctx);
/* The command's JSON document: begins with its bracket, ends with its line break. */
void ctx_json_open(const struct ctx *ctx, struct json *out_json);
void ctx_json_close(struct json *json);

#endif
