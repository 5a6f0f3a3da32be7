/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_WORDS_H
#define CLI_DASHBOARD_WORDS_H

/* A command line, made piece by piece. No value can become an option: each stands in one word with
 * its name, and arguments stand behind --. */

#include "cli/ctx.h"

#define WORDS_MAX 192 /* what args.h takes of one command line, and the command's own words */

struct words {
    int n;
    char *list[WORDS_MAX + 1]; /* owned; ended by NULL */
    bool too_many;
};

/* Begins with the program's name and the command's words. */
void words_begin(struct words *words, const char *command);
/* --name=value; value NULL: --name. */
void words_option(struct words *words, const char *name, const char *value);
/* All arguments come after all options, and this once before them. */
void words_rest(struct words *words);
void words_argument(struct words *words, const char *text);
void words_fini(struct words *words);

#endif
