/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help_man.h"

#include "cli/exits.h"
#include "cli/help.h"

/* A dot or an apostrophe at the start of a line, and a backslash anywhere, mean something to
 * roff; so does a hyphen that must stay one when it is copied. */
static void put(FILE *file, const char *text) {
    if (*text == '.' || *text == '\'') {
        fputs("\\&", file);
    }
    for (; *text != '\0'; text++) {
        fputs(*text == '\\' ? "\\e" : *text == '-' ? "\\-" : "", file);
        if (*text != '\\' && *text != '-') {
            fputc(*text, file);
        }
    }
}

static void put_paragraph(FILE *file, const char *text) {
    fputs(".PP\n", file);
    put(file, text);
    fputc('\n', file);
}

static void put_opts(FILE *file, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
        fputs(".TP\n\\fB\\-\\-", file);
        put(file, o->name);
        fputs("\\fR", file);
        if (o->value != NULL) {
            fputs(" \\fI", file);
            put(file, o->value);
            fputs("\\fR", file);
        }
        fputc('\n', file);
        put(file, o->help);
        if (o->required) {
            fputs(" (required)", file);
        }
        if (o->fallback != NULL) {
            fputs(" (default ", file);
            put(file, o->fallback);
            fputc(')', file);
        }
        fputc('\n', file);
    }
}

static void put_command(FILE *file, const struct command *c) {
    fputs(".SS tocsin ", file);
    put(file, c->path);
    fputs("\nTo ", file);
    put(file, c->line);
    fputs(".\n", file);
    if (c->text != NULL) {
        put_paragraph(file, c->text);
    }
    put_opts(file, c->opts);
    put_opts(file, c->rows != NULL ? command_row_opts : NULL);
}

void help_man(FILE *file) {
    fputs(".TH TOCSIN 1 \"\" \"tocsin " TOCSIN_VERSION_TEXT "\" \"User Commands\"\n"
          ".SH NAME\ntocsin \\- metrics and alerts of training runs, from PostgreSQL\n"
          ".SH SYNOPSIS\n.B tocsin\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n",
          file);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        put_command(file, c);
    }
    fputs(".SH OPTIONS\nEvery command takes these.\n", file);
    put_opts(file, command_globals);
    fputs(".SH OUTPUT\n", file);
    put(file, help_output);
    fputs("\n.SH ENVIRONMENT\n", file);
    for (const struct help_variable *v = help_variables; v->name != NULL; v++) {
        fprintf(file, ".TP\n.B %s\n", v->name);
        put(file, v->text);
        fputc('\n', file);
    }
    fputs(".SH EXIT STATUS\n", file);
    for (const struct exits *e = exits_table; e->name != NULL; e++) {
        fprintf(file, ".TP\n.B %d\n", (int)e->code);
        put(file, e->text);
        fputc('\n', file);
    }
}
