/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_MAN_H
#define CLI_HELP_MAN_H

/* The command table as the manual page tocsin(1), in the macros of man(7). */

#include <stdio.h>

void help_man(FILE *file);

#endif
