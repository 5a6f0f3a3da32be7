/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/text.h"

static char *format_text(const char *format, va_list values) ERR_PRINTF(1, 0);

static char *format_text(const char *format, va_list values) {
    char *text = NULL;
    if (vasprintf(&text, format, values) < 0) {
        abort();
    }
    return text;
}

enum exit_code ctx_fail(struct ctx *ctx, enum exit_code code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    char *text = format_text(format, values);
    va_end(values);
    free(ctx->error);
    ctx->error = text;
    return code;
}

void ctx_note(const char *format, ...) {
    va_list values;
    va_start(values, format);
    char *text = format_text(format, values);
    va_end(values);
    text_put(stderr, text);
    fputc('\n', stderr);
    free(text);
}
