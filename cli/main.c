/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin: finds the command, runs it, prints what it complains about, returns its exit code. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/help.h"
#include "schema/db/pg.h"

static bool wants_color(const char *choice, bool terminal) {
    const char *no_color = getenv("NO_COLOR");
    if (strcmp(choice, "auto") != 0) {
        return strcmp(choice, "always") == 0;
    }
    return terminal && (no_color == NULL || no_color[0] == '\0');
}

static struct out_style find_style(const struct args *args) {
    struct winsize size;
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    const bool measured = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return (struct out_style){
        .table = terminal,
        .color = wants_color(args_text(args, "color"), terminal),
        .width = measured ? size.ws_col : 0,
    };
}

static enum exit_code run(const struct args *args) {
    struct ctx ctx = {
        .args = args,
        .dsn = args_text(args, "dsn"),
        .json = args_given(args, "json"),
        .style = find_style(args),
    };
    const enum exit_code code = args->command->run(&ctx);
    if (ctx.error != NULL) {
        ctx_note("Error: %s", ctx.error);
    }
    free(ctx.error);
    pg_close(ctx.pg);
    return code;
}

static enum exit_code run_or_help(const struct args *args) {
    if (args->version) {
        puts("tocsin " TOCSIN_VERSION_TEXT);
        return EXIT_OK;
    }
    if (args->command == NULL && args->group == NULL) {
        help_all(stdout);
        return EXIT_OK;
    }
    if (args->command == NULL) {
        help_group(stdout, args->group);
        return EXIT_OK;
    }
    if (args->help) {
        help_command(stdout, args->command);
        return EXIT_OK;
    }
    return run(args);
}

int main(int argc, char **argv) {
    (void)argc;
    setlocale(LC_CTYPE, "");
    struct args args;
    struct why why;
    if (args_parse(argv, &args, &why) != ERR_OK) {
        ctx_note("Error: %s", why.text);
        return EXIT_USAGE;
    }
    const enum exit_code code = run_or_help(&args);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        ctx_note("Error: cannot write the output: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    return (int)code;
}
