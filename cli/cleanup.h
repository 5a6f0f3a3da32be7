/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLEANUP_H
#define CLI_CLEANUP_H

/* The way that delete and prune have in common: say what goes, refuse or ask, delete, say what
 * went. */

#include <stdbool.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/survey.h"

struct cleanup {
    struct survey survey;
    const char *project_id; /* goes as well; NULL: no project does */
    const char *word;       /* to be typed, and what for: "delete this run" */
    const char *deed;
    bool may_run; /* runs that have not ended go too, and those that go on meanwhile */
};

enum exit_code cleanup_do(struct ctx *ctx, struct cleanup *cleanup);

#endif
