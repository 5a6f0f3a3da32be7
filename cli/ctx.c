/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exits.h"
#include "cli/text.h"
#include "schema/db/pg.h"

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
    char *text = format_text(format, values); /* may be of the sentence before */
    va_end(values);
    ctx_forget(ctx);
    ctx->error = text;
    return code;
}

enum exit_code ctx_hint(struct ctx *ctx, enum exit_code code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    char *text = format_text(format, values);
    va_end(values);
    free(ctx->hint);
    ctx->hint = text;
    return code;
}

static void complain_in_words(const struct ctx *ctx) {
    const size_t len = strlen(ctx->error);
    const bool ends = len > 0 && strchr(".!?", ctx->error[len - 1]) != NULL;
    if (ctx->hint == NULL) {
        ctx_note("Error: %s", ctx->error);
    } else {
        ctx_note("Error: %s%s %s", ctx->error, ends ? "" : ".", ctx->hint);
    }
}

void ctx_json_error(const struct ctx *ctx, enum exit_code code, struct json *json) {
    const struct exits *row = exits_find(code);
    json_open(json, '{');
    json_key(json, "code");
    json_text(json, row->name);
    json_key(json, "message");
    json_text(json, ctx->error);
    json_key(json, "hint");
    json_text(json, ctx->hint);
    json_key(json, "retryable");
    json_bool(json, row->retryable);
    json_close(json);
}

static void complain_in_json(const struct ctx *ctx, enum exit_code code) {
    struct json json;
    json_init(&json, stderr, ctx_json_form(ctx));
    json_open(&json, '{');
    json_key(&json, "error");
    ctx_json_error(ctx, code, &json);
    ctx_json_close(&json);
}

void ctx_complain(const struct ctx *ctx, enum exit_code code) {
    if (ctx->error == NULL) {
        return;
    }
    if (ctx->json) {
        complain_in_json(ctx, code);
    } else {
        complain_in_words(ctx);
    }
}

void ctx_forget(struct ctx *ctx) {
    free(ctx->error);
    free(ctx->hint);
    ctx->error = NULL;
    ctx->hint = NULL;
}

void ctx_fini(struct ctx *ctx) {
    ctx_forget(ctx);
    pg_close(ctx->pg);
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

void ctx_remark(const struct ctx *ctx, const char *text) {
    if (ctx->style.form == OUT_TABLE && !ctx->json) {
        ctx_note("%s", text);
    }
}

enum json_form ctx_json_form(const struct ctx *ctx) {
    return ctx->lines || ctx->compact ? JSON_LINE : JSON_INDENTED;
}

void ctx_json_open(const struct ctx *ctx, struct json *out_json) {
    json_init(out_json, ctx->out, ctx_json_form(ctx));
    json_open(out_json, '{');
}

void ctx_json_close(struct json *json) {
    json_close(json);
    json_end(json);
}
