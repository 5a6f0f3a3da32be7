/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ENDPOINT_H
#define CLI_ENDPOINT_H

/* What the commands about one endpoint have in common. */

#include "cli/ctx.h"
#include "schema/db/pg.h"

/* Reads the id that is the command's argument and runs a statement about that endpoint as
 * tocsin_owner: $1 is the id, and $2, unless it is NULL, more. out_rows: one row, freed by the
 * caller. */
enum exit_code endpoint_change(struct ctx *ctx, const char *sql, const char *more,
                               const char **out_id, struct pg_rows **out_rows);
/* "There is no endpoint 3." */
enum exit_code endpoint_unknown(struct ctx *ctx, const char *id);

#endif
