/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IDS_H
#define CLI_IDS_H

/* Ids that stand as arguments: `endpoint test 3`, `ack 17 18`. Decimal, from 1, as lists show them.
 */

#include "cli/command.h"
#include "cli/ctx.h"

/* The one argument of a command. noun: "an endpoint"; place: the command that lists them. Borrows
 * from the arguments. */
enum exit_code ids_one(struct ctx *ctx, const char *noun, const char *place, const char **out_id);
/* One or more, as PostgreSQL's text of an array; out_array: free() it. */
enum exit_code ids_some(struct ctx *ctx, const char *noun, const char *place, char **out_array);

#endif
