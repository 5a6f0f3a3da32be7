/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/statement.h"

#include "schema/wire/wire.h"

/* Callers send when a bound of theirs is reached, and put in one frame's items at most before they
 * look; a name of one byte, two on the wire, takes twelve in an array. */
#define ARRAY_BYTES_MAX ((size_t)16 * WIRE_FRAME_BYTES_MAX)

void statement_init(struct statement *statement, const char *name, const char *sql, int n,
                    const enum pgarray_type *types) {
    *statement = (struct statement){.name = name, .sql = sql, .n = n};
    for (int i = 0; i < n; i++) {
        pgarray_init(&statement->arrays[i], types[i], ARRAY_BYTES_MAX);
    }
}

void statement_fini(struct statement *statement) {
    for (int i = 0; i < statement->n; i++) {
        pgarray_fini(&statement->arrays[i]);
    }
}

void statement_clear(struct statement *statement) {
    for (int i = 0; i < statement->n; i++) {
        pgarray_clear(&statement->arrays[i]);
    }
}

uint32_t statement_rows(const struct statement *statement) {
    return statement->arrays[0].n;
}

enum err statement_send(struct statement *statement, struct pg *pg, struct pg_rows **out_rows,
                        struct why *why) {
    struct pg_param params[STATEMENT_ARRAYS_MAX];
    for (int i = 0; i < statement->n; i++) {
        params[i] = pgarray_param(&statement->arrays[i]);
    }
    const enum err err =
        pg_prepared(pg, statement->name, statement->sql, statement->n, params, out_rows, why);
    statement_clear(statement);
    return err;
}

enum err statement_send_if(struct statement *statement, struct pg *pg, uint32_t least,
                           struct why *why) {
    return statement_rows(statement) >= least ? statement_send(statement, pg, NULL, why) : ERR_OK;
}
