/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/exits.h"

const struct help_variable help_variables[] = {
    {"TOCSIN_DSN", "PostgreSQL to use when --dsn is absent"},
    {"TOCSIN_DATA_DIR", "where the private PostgreSQL of `tocsin up` keeps its data"},
    {"NO_COLOR", "if set and not empty: no colour"},
    {NULL, NULL},
};

const char help_output[] =
    "On a terminal: a table. In a pipe or file: TSV with a header line. --format chooses another "
    "form; --json is one JSON document, and an error is one too, on stderr: {\"error\": {code, "
    "message, hint, retryable}}. In tables, TSV and CSV, tabs, line breaks, backslashes and "
    "characters that steer a terminal stand as escapes such as \\t, \\xNN or \\u{N}. In JSON, NaN "
    "and the infinities are null, and \"nonfinite\" beside them says which: nan, inf or -inf. All "
    "times are UTC.";

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

static void put_variables(FILE *file, const char *indent) {
    for (const struct help_variable *v = help_variables; v->name != NULL; v++) {
        fprintf(file, "%s%-16s %s\n", indent, v->name, v->text);
    }
}

static void put_exit_codes(FILE *file, const char *indent) {
    for (const struct exits *e = exits_table; e->name != NULL; e++) {
        fprintf(file, "%s%d  %s\n", indent, (int)e->code, e->text);
    }
}

void help_usage(FILE *file, const struct command *command) {
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
    put_wrapped(file, help_output);
    fputs("\nEnvironment:\n", file);
    put_variables(file, "  ");
    fputs("\nExit codes:\n", file);
    put_exit_codes(file, "  ");
    fputs("\nMore: tocsin COMMAND --help\n", file);
}

void help_group(FILE *file, const char *group) {
    fputs("Commands:\n", file);
    put_commands(file, group);
    fprintf(file, "\nMore: tocsin %s NAME --help\n", group);
}

void help_command(FILE *file, const struct command *command) {
    fprintf(file, "tocsin %s: %s\n\nUsage: ", command->path, command->line);
    help_usage(file, command);
    if (command->text != NULL) {
        fputc('\n', file);
        put_wrapped(file, command->text);
    }
    if (command->json != NULL) {
        fputs("\nJSON:\n", file);
        put_wrapped(file, command->json);
    }
    if (command->opts != NULL || command->rows != NULL) {
        fputs("\nOptions:\n", file);
        put_opts(file, command->opts);
        put_opts(file, command->rows != NULL ? command_row_opts : NULL);
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

static const char markdown_head[] = "| option | meaning |\n| --- | --- |\n";

static void markdown_opts(FILE *file, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
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
    put_wrapped(file, help_output);
    fputs("\n## Environment\n\n```\n", file);
    put_variables(file, "");
    fputs("```\n\n## Exit codes\n\n```\n", file);
    put_exit_codes(file, "");
    fputs("```\n\n", file);
    fputs("## Options of every command\n\n", file);
    fputs(markdown_head, file);
    markdown_opts(file, command_globals);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        fprintf(file, "\n## tocsin %s\n\nTo %s.\n\n```\n", c->path, c->line);
        help_usage(file, c);
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
        if (c->opts != NULL || c->rows != NULL) {
            fprintf(file, "\n%s", markdown_head);
            markdown_opts(file, c->opts);
            markdown_opts(file, c->rows != NULL ? command_row_opts : NULL);
        }
    }
}
