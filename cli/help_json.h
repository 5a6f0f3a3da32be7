/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_JSON_H
#define CLI_HELP_JSON_H

/* The command table as a JSON document, for programs: commands, options with their bounds, the JSON
 * Schema of each answer, exit codes. */

#include "cli/ctx.h"

/* All commands, or the one given. */
void help_json(const struct ctx *ctx, const struct command *only);
/* {key: [the words of an OPT_CHOICE]}, where an object is open. */
void help_json_choices(struct json *json, const char *key, const char *choices);

#endif
