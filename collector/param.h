/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_PARAM_H
#define COLLECTOR_PARAM_H

/* Single statement parameters, in binary: no quoting, no NUL needed. Writer thread only; pure. */

#include <stdbool.h>
#include <stdint.h>

#include "schema/db/pg.h"
#include "schema/wire/wire.h"

struct param_i64 { /* the bytes of one parameter; lives as long as the pg_param made of it */
    uint8_t bytes[8];
};

/* PostgreSQL casts: a parameter written $1::bigint is sent as bigint, whatever column it meets. */
struct pg_param param_i64(int64_t value, struct param_i64 *room);
struct pg_param param_uuid(const struct wire_id *id); /* borrows */
struct pg_param param_text(struct str text);          /* borrows */
struct pg_param param_text_or_null(struct str text);  /* null if empty; borrows */
struct pg_param param_bool(bool value);
struct pg_param param_bytea(const void *bytes, size_t len); /* borrows; len fits a frame */

/* pg_prepared() of the statement in sql/<name>.sql with an array of parameters. */
#define PARAM_RUN(pg, name, params, out_rows, why)                                                 \
    pg_prepared(pg, #name, sql_##name, (int)(sizeof(params) / sizeof((params)[0])), params,        \
                out_rows, why)

#endif
