/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <inttypes.h>
#include <string.h>

static const char environment[] =
    "TOCSIN_DSN       PostgreSQL to use when --dsn is absent\n"
    "TOCSIN_DATA_DIR  where the private PostgreSQL of `tocsin up` keeps its data\n"
    "NO_COLOR         if set and not empty: no colour\n";

static const char exit_codes[] = "0  it worked; an empty result is no error\n"
                                 "1  internal error; endpoint test: the message was not taken\n"
                                 "2  the command line, or the SQL in it, is wrong\n"
                                 "3  no such project, run or metric, or nothing with that id\n"
                                 "4  the database refuses this user\n"
                                 "5  the database cannot be reached; trying later may help\n"
                                 "8  it did not happen in time\n";

static const char output[] =
    "On a terminal: a table. In a pipe or file: TSV with a header line. With --json: one JSON "
    "document. In tables and TSV, tabs, line breaks, backslashes and characters that steer a "
    "terminal stand as escapes such as \\t, \\xNN or \\u{N}. In JSON, NaN and the infinities are "
    "null, "
    "and \"nonfinite\" beside them says which: nan, inf or -inf. All times are UTC.";

/* One paragraph, broken between words. */
static void put_wrapped(FILE *file, const char *text) {
    const int width = 88;
    int column = 0;
    while (*text != '\0') {
        const int len = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + len > width) {
            fputc('\n', file);
            column = 0;
        }
        column += fprintf(file, "%s%.*s", column == 0 ? "" : " ", len, text);
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', file);
}

static void put_indented(FILE *file, const char *text) {
    while (*text != '\0') {
        const int len = (int)strcspn(text, "\n");
        fprintf(file, "  %.*s\n", len, text);
        text += len + (text[len] == '\n');
    }
}

static void put_usage(FILE *file, const struct command *command) {
    fprintf(file, "tocsin %s", command->path);
    for (const struct opt *o = command->opts; o != NULL && o->name != NULL; o++) {
        if (o->required) {
            fprintf(file, " --%s %s", o->name, o->value);
        }
    }
    if (command->mixed) {
        fprintf(file, " %s", command->rest);
    }
    fputs(" [OPTIONS]", file);
    if (command->rest != NULL && !command->mixed) {
        fprintf(file, " [%s...]", command->rest);
    }
    fputc('\n', file);
}

/* What the table says beyond the help line: bounds and fallback. */
static void put_limits(FILE *file, const struct opt *opt) {
    if (opt->required) {
        fputs(" (required)", file);
    }
    if (opt->fallback != NULL) {
        fprintf(file, " (default %s)", opt->fallback);
    }
}

static void put_opts(FILE *file, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value == NULL ? "" : " ",
                 o->value == NULL ? "" : o->value);
        fprintf(file, "  %-26s %s", left, o->help);
        put_limits(file, o);
        fputc('\n', file);
    }
}

/* group "": all. */
static void put_commands(FILE *file, const char *group) {
    const size_t len = strlen(group);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        if (len == 0 || (strncmp(c->path, group, len) == 0 && c->path[len] == ' ')) {
            fprintf(file, "  %-20s %s\n", c->path, c->line);
        }
    }
}

void help_all(FILE *file) {
    fputs("tocsin: metrics and alerts of training runs, from PostgreSQL\n\n"
          "Usage: tocsin COMMAND [OPTIONS]\n\nCommands:\n",
          file);
    put_commands(file, "");
    fputs("\nOptions of every command:\n", file);
    put_opts(file, command_globals);
    fputs("\nOutput:\n", file);
    put_wrapped(file, output);
    fputs("\nEnvironment:\n", file);
    put_indented(file, environment);
    fputs("\nExit codes:\n", file);
    put_indented(file, exit_codes);
    fputs("\nMore: tocsin COMMAND --help\n", file);
}

void help_group(FILE *file, const char *group) {
    fputs("Commands:\n", file);
    put_commands(file, group);
    fprintf(file, "\nMore: tocsin %s NAME --help\n", group);
}

void help_command(FILE *file, const struct command *command) {
    fprintf(file, "tocsin %s: %s\n\nUsage: ", command->path, command->line);
    put_usage(file, command);
    if (command->text != NULL) {
        fputc('\n', file);
        put_wrapped(file, command->text);
    }
    if (command->json != NULL) {
        fputs("\nJSON:\n", file);
        put_wrapped(file, command->json);
    }
    if (command->opts != NULL) {
        fputs("\nOptions:\n", file);
        put_opts(file, command->opts);
    }
    fputs("\nOptions of every command:\n", file);
    put_opts(file, command_globals);
}

/* In a Markdown table a | ends the cell. */
static void put_cell(FILE *file, const char *text) {
    for (; *text != '\0'; text++) {
        fputs(*text == '|' ? "\\" : "", file);
        fputc(*text, file);
    }
}

static void markdown_opts(FILE *file, const struct opt *opts) {
    fputs("| option | meaning |\n| --- | --- |\n", file);
    for (const struct opt *o = opts; o->name != NULL; o++) {
        fprintf(file, "| `--%s", o->name);
        if (o->value != NULL) {
            fputc(' ', file);
            put_cell(file, o->value);
        }
        fputs("` | ", file);
        put_cell(file, o->help);
        put_limits(file, o);
        fputs(" |\n", file);
    }
}

void help_markdown(FILE *file) {
    fputs("# The command line\n\n"
          "Generated by `tocsin help --markdown`; a test fails when this page is stale.\n\n"
          "## Output\n\n",
          file);
    put_wrapped(file, output);
    fprintf(file, "\n## Environment\n\n```\n%s```\n\n## Exit codes\n\n```\n%s```\n\n", environment,
            exit_codes);
    fputs("## Options of every command\n\n", file);
    markdown_opts(file, command_globals);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        fprintf(file, "\n## tocsin %s\n\nTo %s.\n\n```\n", c->path, c->line);
        put_usage(file, c);
        fputs("```\n", file);
        if (c->text != NULL) {
            fputc('\n', file);
            put_wrapped(file, c->text);
        }
        if (c->json != NULL) {
            fputs("\nWith --json:\n\n```\n", file);
            put_wrapped(file, c->json);
            fputs("```\n", file);
        }
        if (c->opts != NULL) {
            fputc('\n', file);
            markdown_opts(file, c->opts);
        }
    }
}
