/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

/* The question before something that cannot be undone, or that others notice. */

#include "cli/command.h"
#include "cli/ctx.h"

/* EXIT_OK: it may be done. With --yes at once; on a terminal once the word was typed, as it is
 * shown there; EXIT_USAGE otherwise. deed: "delete this run". */
enum exit_code confirm(struct ctx *ctx, const char *word, const char *deed);

#endif
