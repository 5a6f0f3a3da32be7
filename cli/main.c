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

static bool wants_color(const char *choice, bool terminal) {
    const char *no_color = getenv("NO_COLOR");
    if (strcmp(choice, "auto") != 0) {
        return strcmp(choice, "always") == 0;
    }
    return terminal && (no_color == NULL || no_color[0] == '\0');
}

static enum out_form find_form(const char *format, bool terminal) {
    static const struct {
        const char *name;
        enum out_form form;
    } forms[] = {{"table", OUT_TABLE}, {"tsv", OUT_TSV}, {"csv", OUT_CSV}};
    for (size_t i = 0; format != NULL && i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i].name, format) == 0) {
            return forms[i].form;
        }
    }
    return terminal ? OUT_TABLE : OUT_TSV;
}

static struct out_style find_style(const struct args *args) {
    struct winsize size;
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    const bool measured = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return (struct out_style){
        .form = find_form(args_text(args, "format"), terminal),
        .color = wants_color(args_text(args, "color"), terminal),
        .width = measured ? size.ws_col : 0,
    };
}

static struct ctx make_ctx(const struct args *args) {
    const char *format = args_text(args, "format");
    const bool lines = format != NULL && strcmp(format, "ndjson") == 0;
    const bool json = format != NULL && strcmp(format, "json") == 0;
    return (struct ctx){
        .args = args,
        .dsn = args_text(args, "dsn"),
        .out = stdout,
        .json = json || lines || args_given(args, "json"),
        .lines = lines,
        .style = find_style(args),
    };
}

static enum exit_code run(const struct args *args) {
    struct ctx ctx = make_ctx(args);
    const enum exit_code code = args->command->run(&ctx);
    ctx_complain(&ctx, code);
    ctx_fini(&ctx);
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

/* The command line makes no sense; whether it asked for JSON can be seen all the same. */
static enum exit_code refuse(char **argv, const struct why *why) {
    struct ctx ctx = {.args = NULL};
    for (; *argv != NULL; argv++) {
        const bool format = strncmp(*argv, "--format", strlen("--format")) == 0;
        const char *value = !format ? "" : (*argv)[8] == '=' ? *argv + 9 : argv[1];
        ctx.lines = ctx.lines || (value != NULL && strcmp(value, "ndjson") == 0);
        ctx.json = ctx.json || ctx.lines || (value != NULL && strcmp(value, "json") == 0) ||
                   strcmp(*argv, "--json") == 0;
    }
    ctx_fail(&ctx, EXIT_USAGE, "%s", why->text);
    ctx_complain(&ctx, EXIT_USAGE);
    ctx_fini(&ctx);
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    (void)argc;
    setlocale(LC_CTYPE, "");
    struct args args;
    struct why why;
    if (args_parse(argv, &args, &why) != ERR_OK) {
        return (int)refuse(argv, &why);
    }
    const enum exit_code code = run_or_help(&args);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        ctx_note("Error: cannot write the output: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    return (int)code;
}
