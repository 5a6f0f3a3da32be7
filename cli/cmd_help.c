/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/help.h"

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
    if (args.command != NULL) {
        help_command(stdout, args.command);
    } else {
        help_group(stdout, args.group);
    }
    return EXIT_OK;
}

enum exit_code cmd_help(struct ctx *ctx) {
    if (args_given(ctx->args, "markdown")) {
        help_markdown(stdout);
        return EXIT_OK;
    }
    if (ctx->args->rest_n > 0) {
        return explain(ctx);
    }
    help_all(stdout);
    return EXIT_OK;
}
