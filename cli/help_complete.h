/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_COMPLETE_H
#define CLI_HELP_COMPLETE_H

/* Completion scripts for shells, from the command table: words of commands, options, and the values
 * of options that take one of several words. */

#include <stdio.h>

/* shell: bash, zsh or fish. */
void help_complete(FILE *file, const char *shell);

#endif
