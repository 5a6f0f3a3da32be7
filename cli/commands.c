/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands and nothing else. A new command: a row here, its function in
 * cmd_<name>.c, its file in CMakeLists.txt, its declaration in command.h. */

#include "cli/command.h"

const struct opt command_globals[] = {
    {.name = "dsn",
     .kind = OPT_TEXT,
     .value = "DSN",
     .help = "PostgreSQL to use, as libpq takes it; else TOCSIN_DSN, else the private one"},
    {.name = "json", .kind = OPT_FLAG, .help = "print JSON"},
    {.name = "color",
     .kind = OPT_CHOICE,
     .value = "auto|always|never",
     .fallback = "auto",
     .help = "colour in tables; auto: on a terminal, unless NO_COLOR is set"},
    {.name = "help", .kind = OPT_FLAG, .help = "show this text"},
    {.name = "version", .kind = OPT_FLAG, .help = "print the version"},
    {0},
};

static const struct opt help_opts[] = {
    {.name = "markdown", .kind = OPT_FLAG, .help = "all commands, as in docs/cli.md"},
    {0},
};

const struct command command_table[] = {
    {.path = "help",
     .line = "explain a command",
     .opts = help_opts,
     .rest = "COMMAND",
     .run = cmd_help},
    {0},
};
