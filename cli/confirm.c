/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/confirm.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "schema/wire/wire.h"

/* Cleaned, a byte takes up to eight: \u{202e} for three, \xNN for one. */
#define LINE_BYTES_MAX (8 * WIRE_NAME_BYTES_MAX + 2)

/* A line that is too long is no word that was asked for. */
static bool is_typed(const char *word) {
    char line[LINE_BYTES_MAX];
    if (fgets(line, sizeof line, stdin) == NULL) {
        fputc('\n', stderr);
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, word) == 0;
}

static bool ask(const char *word, const char *deed) {
    char *shown = text_clean(word);
    fprintf(stderr, "Type %s to %s: ", shown, deed);
    fflush(stderr);
    const bool typed = is_typed(shown);
    free(shown);
    return typed;
}

enum exit_code confirm(struct ctx *ctx, const char *word, const char *deed) {
    if (args_given(ctx->args, "yes")) {
        return EXIT_OK;
    }
    if (isatty(STDIN_FILENO) != 1) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "Nobody can be asked here, for standard input is no terminal: add --yes to "
                        "%s, or --dry-run to see what that means.",
                        deed);
    }
    fflush(ctx->out);
    return ask(word, deed) ? EXIT_OK
                           : ctx_fail(ctx, EXIT_USAGE,
                                      "That is not what was asked for; nothing "
                                      "was changed.");
}
