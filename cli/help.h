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

#endif
