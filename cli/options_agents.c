/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands for agents. */

#include "cli/options.h"

const struct opt mcp_opts[] = {
    {.name = "allow-ack",
     .kind = OPT_FLAG,
     .help = "agents may acknowledge alerts; without it they can change nothing"},
    {0},
};

#define SKILL_OF(program, folder)                                                                  \
    { .name = (program), .kind = OPT_FLAG, .help = "into " folder " of this directory" }

const struct opt skill_install_opts[] = {
    SKILL_OF("claude", ".claude/skills"),
    SKILL_OF("codex", ".codex/skills"),
    SKILL_OF("cursor", ".cursor/skills"),
    SKILL_OF("opencode", ".opencode/skills"),
    SKILL_OF("pi", ".pi/skills"),
    {.name = "global", .kind = OPT_FLAG, .help = "into such a folder of the home directory"},
    {.name = "dest",
     .kind = OPT_TEXT,
     .value = "DIR",
     .help = "into this folder of skills instead"},
    {.name = "force", .kind = OPT_FLAG, .help = "also over a file that was changed"},
    {0},
};
