/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/endpoint.h"

#include "cli/db.h"
#include "cli/ids.h"

enum exit_code endpoint_unknown(struct ctx *ctx, const char *id) {
    return ctx_fail(ctx, EXIT_NOT_FOUND, "There is no endpoint %s. See: tocsin endpoint list", id);
}

enum exit_code endpoint_change(struct ctx *ctx, const char *sql, const char *more,
                               const char **out_id, struct pg_rows **out_rows) {
    const char *id = NULL;
    struct pg_rows *rows = NULL;
    enum exit_code code = ids_one(ctx, "an endpoint", "endpoint list", &id);
    if (code == EXIT_OK) {
        code = db_become_owner(ctx);
    }
    if (code == EXIT_OK) {
        const struct pg_param params[] = {db_text(id), db_text(more)};
        code = db_query(ctx, sql, more == NULL ? 1 : 2, params, &rows);
    }
    if (code != EXIT_OK) {
        return code;
    }
    if (pg_rows_n(rows) == 0) {
        pg_rows_free(rows);
        return endpoint_unknown(ctx, id);
    }
    *out_id = id;
    *out_rows = rows;
    return EXIT_OK;
}
