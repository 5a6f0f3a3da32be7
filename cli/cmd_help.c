/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/help.h"
#include "cli/help_complete.h"
#include "cli/help_json.h"
#include "cli/help_man.h"

/* `tocsin help list alerts` is `tocsin list alerts --help`. */
static enum exit_code explain(struct ctx *ctx) {
    char help[] = "--help";
    char *argv[] = {help, ctx->args->rest[0], ctx->args->rest[1], help, NULL};
    if (ctx->args->rest_n == 1) {
        argv[2] = help;
        argv[3] = NULL;
    }
    struct args args;
    struct why why;
    if (ctx->args->rest_n > 2 || args_parse(argv, &args, &why) != ERR_OK) {
        return ctx_fail(ctx, EXIT_USAGE, "There is no such command. See: tocsin --help");
    }
    if (args.command == NULL) {
        help_group(ctx->out, args.group);
    } else if (ctx->json) {
        help_json(ctx, args.command);
    } else {
        help_command(ctx->out, args.command);
    }
    return EXIT_OK;
}

enum exit_code cmd_help(struct ctx *ctx) {
    const char *shell = args_text(ctx->args, "completion");
    if (ctx->args->rest_n > 0) {
        return explain(ctx);
    }
    if (shell != NULL) {
        help_complete(ctx->out, shell);
    } else if (args_given(ctx->args, "markdown")) {
        help_markdown(ctx->out);
    } else if (args_given(ctx->args, "man")) {
        help_man(ctx->out);
    } else if (ctx->json) {
        help_json(ctx, NULL);
    } else {
        help_all(ctx->out);
    }
    return EXIT_OK;
}
