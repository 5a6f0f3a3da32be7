/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

/* Parses the command line of any command from the command table. Global options may stand before
 * or after the command. Names are never abbreviated: a new option cannot change what an old script
 * means. Pure: prints nothing, reads no environment. Borrows argv for its whole life. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "schema/wire/err.h"

#define ARGS_OPTS_MAX 32 /* global and own options of one command together */
#define ARGS_LIST_MAX 64 /* values of all options that may be repeated */

struct args {
    const struct command *command; /* NULL with help or version, or a group's help */
    const char *group;             /* "list" when only `tocsin list --help` was asked; else NULL */
    bool help;
    bool version;
    int n;
    struct {
        const struct opt *opt;
        const char *text; /* NULL: absent and without fallback; "" for a given flag */
        int64_t number;   /* OPT_INT; OPT_TIME: seconds */
        bool given;       /* on the command line, not by fallback */
    } values[ARGS_OPTS_MAX];
    int list_n;
    struct {
        const struct opt *opt;
        const char *text;
    } list[ARGS_LIST_MAX]; /* in the order given */
    int rest_n;
    char **rest; /* what is no option, NULL-terminated as argv is */
};

/* argv as main gets it. Errors: ERR_CONFIG with a sentence that says what to write instead. */
enum err args_parse(char **argv, struct args *out, struct why *why) ERR_MUST_CHECK;

/* The value of an option that the command's table has (another name is a bug). NULL: absent. */
const char *args_text(const struct args *args, const char *name);
int64_t args_int(const struct args *args, const char *name);
/* Value i (from 0) of an option that may be repeated. NULL: no more. */
const char *args_list(const struct args *args, const char *name, int i);
bool args_given(const struct args *args, const char *name);

#endif
