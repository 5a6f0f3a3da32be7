/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* Help in all its forms, from the command table alone. */

#include <stdio.h>

#include "cli/command.h"

void help_all(FILE *file);
/* The commands of one group, as `tocsin list --help` shows them. */
void help_group(FILE *file, const char *group);
void help_command(FILE *file, const struct command *command);
/* docs/cli.md */
void help_markdown(FILE *file);

/* What the other forms (help_json.h, help_man.h) need of it. */

struct help_variable {
    const char *name, *text;
};
/* Of the environment; ended by a row without name. */
extern const struct help_variable help_variables[];
/* What the output of all commands has in common, one paragraph. */
extern const char help_output[];
/* "tocsin list alerts --project NAME [OPTIONS]" and a line break. */
void help_usage(FILE *file, const struct command *command);

#endif
