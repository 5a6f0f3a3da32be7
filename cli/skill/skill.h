/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SKILL_SKILL_H
#define CLI_SKILL_SKILL_H

/* What agents are told of tocsin: SKILL.md in this folder, a part of the program; and the places
 * where their programs look for it. */

#include <limits.h>
#include <stdbool.h>

#include "schema/wire/err.h"

#define SKILL_NAME "tocsin"
#define SKILL_FILE "SKILL.md"

const char *skill_text(void);

/* Programs with skill folders of their own. */
struct skill_agent {
    const char *name;    /* of the option; NULL ends the table */
    const char *project; /* the skill folder of a project, from its top directory */
    const char *user;    /* that of a user, from the home directory */
};
extern const struct skill_agent skill_agents[];
/* The folder that several programs share. */
#define SKILL_SHARED ".agents/skills"

enum skill_state { SKILL_ABSENT, SKILL_SAME, SKILL_OTHER };

struct skill_file {
    char path[PATH_MAX];
    enum skill_state state;
};

/* The skill's file in a folder of skills, and what is there. base: NULL or where a folder that is
 * not absolute begins. Errors: ERR_TOO_LONG, ERR_IO. */
enum err skill_look(const char *base, const char *folder, struct skill_file *out,
                    struct why *why) ERR_MUST_CHECK;
/* Writes it, with the directories that are missing; whole or not at all. */
enum err skill_write(const struct skill_file *file, struct why *why) ERR_MUST_CHECK;

#endif
