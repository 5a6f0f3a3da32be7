/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/ids.h"
#include "cli/json.h"
#include "cli/names.h"
#include "cli/who.h"
#include "cli_sql.h"

static enum exit_code unknown(struct ctx *ctx, const struct pg_rows *rows) {
    char *text = NULL;
    size_t len = 0;
    const int n = pg_rows_n(rows);
    const char **ids = calloc((size_t)n, sizeof *ids);
    FILE *file = open_memstream(&text, &len);
    if (file == NULL || ids == NULL) {
        abort();
    }
    for (int i = 0; i < n; i++) {
        ids[i] = pg_text(rows, i, 0);
    }
    names_put(file, ids, n);
    free(ids);
    if (fclose(file) != 0) {
        abort();
    }
    ctx_fail(ctx, EXIT_NOT_FOUND,
             "There is no alert %s; nothing is acknowledged. Ids are in: tocsin list alerts "
             "--json",
             text);
    free(text);
    return EXIT_NOT_FOUND;
}

static void print(const struct ctx *ctx, const char *who) {
    if (!ctx->json) {
        ctx_note("Acknowledged by %s: alerts like these of the same run are stored and no longer "
                 "sent.",
                 who);
        return;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "alerts");
    json_open(&json, '[');
    for (int i = 0; i < ctx->args->rest_n; i++) {
        json_text(&json, ctx->args->rest[i]);
    }
    json_close(&json);
    json_key(&json, "who");
    json_text(&json, who);
    json_key(&json, "comment");
    json_text(&json, args_text(ctx->args, "comment"));
    ctx_json_close(&json);
}

static enum exit_code acknowledge(struct ctx *ctx, const char *ids) {
    char who[WIRE_NAME_BYTES_MAX + 1];
    who_find(who);
    const struct pg_param params[] = {db_text(ids), db_text(who),
                                      db_text(args_text(ctx->args, "comment"))};
    struct pg_rows *rows = NULL;
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = db_query(ctx, sql_acknowledge_alerts, 3, params, &rows);
    }
    if (code == EXIT_OK && pg_rows_n(rows) > 0) {
        code = unknown(ctx, rows);
    } else if (code == EXIT_OK) {
        print(ctx, who);
    }
    pg_rows_free(rows);
    return code;
}

enum exit_code cmd_ack(struct ctx *ctx) {
    char *ids = NULL;
    enum exit_code code = ids_some(ctx, "an alert", "list alerts --json", &ids);
    if (code == EXIT_OK) {
        code = acknowledge(ctx, ids);
        free(ids);
    }
    return code;
}
