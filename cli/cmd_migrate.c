/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/json.h"
#include "schema/db/migrate.h"

static void print_json(const struct ctx *ctx, const struct migrate_report *report) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "version");
    json_int(&json, report->version);
    json_key(&json, "applied");
    json_int(&json, report->applied);
    ctx_json_close(&json);
}

enum exit_code cmd_migrate(struct ctx *ctx) {
    const enum exit_code code = db_open_owner(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    struct why why = {""};
    struct migrate_report report;
    const enum err err = migrate_apply(ctx->pg, &report, &why);
    if (err != ERR_OK) {
        return db_fail(ctx, err, &why);
    }
    if (ctx->json) {
        print_json(ctx, &report);
    } else if (report.applied == 0) {
        fprintf(ctx->out, "The schema is current: version %d.\n", report.version);
    } else {
        fprintf(ctx->out, "Applied %d migration%s; the schema is now at version %d.\n",
                report.applied, report.applied == 1 ? "" : "s", report.version);
    }
    return EXIT_OK;
}
