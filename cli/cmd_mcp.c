/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/mcp/session.h"

enum exit_code cmd_mcp(struct ctx *ctx) {
    const struct session_options options = {.dsn = ctx->dsn,
                                            .writes = args_given(ctx->args, "allow-ack")};
    if (isatty(STDIN_FILENO) == 1) {
        ctx_note("This speaks the Model Context Protocol with the program that started it; it is "
                 "not for typing. docs/mcp.md says how agents are told of it.");
    }
    return session_run(STDIN_FILENO, ctx->out, &options)
               ? EXIT_OK
               : ctx_fail(ctx, EXIT_INTERNAL, "The answers cannot be written.");
}
