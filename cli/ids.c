/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ids.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_id(const char *text) {
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    const intmax_t id = strtoimax(text, &end, 10);
    return *end == '\0' && errno == 0 && id > 0;
}

static enum exit_code check(struct ctx *ctx, const char *noun, const char *place) {
    for (int i = 0; i < ctx->args->rest_n; i++) {
        if (!is_id(ctx->args->rest[i])) {
            return ctx_fail(ctx, EXIT_USAGE, "'%.100s' is not the id of %s. See: tocsin %s",
                            ctx->args->rest[i], noun, place);
        }
    }
    return EXIT_OK;
}

enum exit_code ids_one(struct ctx *ctx, const char *noun, const char *place, const char **out_id) {
    if (ctx->args->rest_n != 1) {
        return ctx_fail(ctx, EXIT_USAGE, "%s takes the id of %s. See: tocsin %s",
                        ctx->args->command->path, noun, place);
    }
    const enum exit_code code = check(ctx, noun, place);
    if (code == EXIT_OK) {
        *out_id = ctx->args->rest[0];
    }
    return code;
}

enum exit_code ids_some(struct ctx *ctx, const char *noun, const char *place, char **out_array) {
    if (ctx->args->rest_n == 0) {
        return ctx_fail(ctx, EXIT_USAGE, "%s takes the id of %s, or several. See: tocsin %s",
                        ctx->args->command->path, noun, place);
    }
    const enum exit_code code = check(ctx, noun, place);
    if (code != EXIT_OK) {
        return code;
    }
    size_t len = 0;
    FILE *file = open_memstream(out_array, &len);
    if (file == NULL) {
        abort();
    }
    for (int i = 0; i < ctx->args->rest_n; i++) {
        fprintf(file, "%s%s", i == 0 ? "{" : ",", ctx->args->rest[i]);
    }
    fputc('}', file);
    if (fclose(file) != 0) {
        abort();
    }
    return EXIT_OK;
}
