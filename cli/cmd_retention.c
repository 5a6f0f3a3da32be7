/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/duration.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/records.h"
#include "cli_sql.h"

#define KEEP_MIN_S INT64_C(3600)
#define KEEP_MAX_S (100 * INT64_C(31536000))
#define KEEP_BYTES 24

/* Options, and columns of list_retention.sql from COLUMN_KINDS on. */
static const char *const kinds[] = {"raw", "rollups", "alerts"};
#define KINDS (sizeof kinds / sizeof *kinds)

enum { COLUMN_KINDS = 1, COLUMN_SECONDS = 6 };

struct setting {
    struct ctx *ctx;
    char keep[KINDS][KEEP_BYTES]; /* as set_retention.sql takes it; "": nothing is said */
    bool dry_run;
    struct pg_rows *old;    /* what goes; NULL: nobody asked */
    struct pg_rows *policy; /* as it is then, of this project or of all */
};

enum exit_code cmd_retention_list(struct ctx *ctx) {
    const struct records records = {
        .key = "retention", .sql = sql_list_retention, .wide = 3, .empty = "No projects found."};
    return records_list_any(ctx, &records);
}

/* What is said. */

static enum exit_code refuse_keep(struct ctx *ctx, const char *kind, const char *text) {
    char least[DURATION_BYTES];
    char most[DURATION_BYTES];
    duration_text(KEEP_MIN_S, least);
    duration_text(KEEP_MAX_S, most);
    return ctx_fail(ctx, EXIT_USAGE,
                    "--%s is a time such as 12h, 30d or 1y, from %s to %s, or forever, or inherit, "
                    "not '%.100s'.",
                    kind, least, most, text);
}

static enum exit_code read_keep(struct ctx *ctx, const char *kind, char out[KEEP_BYTES]) {
    const char *text = args_text(ctx->args, kind);
    const bool inherits = text != NULL && strcmp(text, "inherit") == 0;
    int64_t s = 0;
    out[0] = '\0';
    if (inherits && !args_given(ctx->args, "project")) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "--%s=inherit needs --project, for what all projects inherit is said here; "
                        "or say forever.",
                        kind);
    }
    if (text == NULL || inherits || strcmp(text, "forever") == 0) {
        snprintf(out, KEEP_BYTES, "%s", text != NULL ? text : "");
        return EXIT_OK;
    }
    if (!duration_parse(text, &s) || s < KEEP_MIN_S || s > KEEP_MAX_S) {
        return refuse_keep(ctx, kind, text);
    }
    snprintf(out, KEEP_BYTES, "%" PRId64, s);
    return EXIT_OK;
}

static enum exit_code read_all(struct setting *setting) {
    enum exit_code code = EXIT_OK;
    bool said = false;
    for (size_t i = 0; code == EXIT_OK && i < KINDS; i++) {
        code = read_keep(setting->ctx, kinds[i], setting->keep[i]);
        said = said || setting->keep[i][0] != '\0';
    }
    if (code == EXIT_OK && !said && !setting->dry_run) {
        code = ctx_fail(setting->ctx, EXIT_USAGE,
                        "Nothing is said: give --raw, --rollups or --alerts; or --dry-run, for "
                        "what goes now.");
    }
    return code;
}

/* What that means. */

static enum exit_code run(struct ctx *ctx, const char *sql) {
    struct why why = {""};
    const enum err err = pg_run(ctx->pg, sql, &why);
    return err == ERR_OK ? EXIT_OK : db_fail(ctx, err, &why);
}

static enum exit_code query(struct setting *setting, const char *sql, struct pg_rows **out_rows) {
    const struct pg_param params[] = {db_text(args_text(setting->ctx->args, "project"))};
    return db_query(setting->ctx, sql, 1, params, out_rows);
}

static enum exit_code change(struct setting *setting) {
    struct pg_param params[1 + KINDS] = {db_text(args_text(setting->ctx->args, "project"))};
    struct pg_rows *rows = NULL;
    for (size_t i = 0; i < KINDS; i++) {
        params[1 + i] = db_text(setting->keep[i][0] != '\0' ? setting->keep[i] : NULL);
    }
    const enum exit_code code = db_query(setting->ctx, sql_set_retention, 1 + KINDS, params, &rows);
    pg_rows_free(rows);
    return code;
}

/* Sets it, looks at what is so then, and takes it back unless it is to stay. */
static enum exit_code try(struct setting *setting, bool survey, bool stays) {
    pg_rows_free(setting->policy);
    setting->policy = NULL;
    enum exit_code code = run(setting->ctx, "begin");
    if (code == EXIT_OK) {
        code = change(setting);
    }
    if (code == EXIT_OK && survey) {
        code = query(setting, sql_survey_retention, &setting->old);
    }
    if (code == EXIT_OK) {
        code = query(setting, sql_list_retention, &setting->policy);
    }
    return code == EXIT_OK ? run(setting->ctx, stays ? "commit" : "rollback") : code;
}

/* The answer. */

static void put_head(struct json *json, const void *context) {
    const struct setting *setting = context;
    json_key(json, "project");
    json_text(json, args_text(setting->ctx->args, "project"));
    json_key(json, "dry_run");
    json_bool(json, setting->dry_run);
    for (int i = 0; i < (int)KINDS; i++) {
        json_key(json, kinds[i]);
        json_text(json, pg_text(setting->policy, 0, COLUMN_KINDS + i));
    }
}

static enum exit_code show_old(struct setting *setting) {
    const struct list list = {
        .key = "details", .empty = "Nothing goes now.", .head = put_head, .context = setting};
    return list_show_rows(setting->ctx, &list, setting->old);
}

/* Roll-ups stay as long as raw values, whatever is said. */
static void note_policy(const struct setting *setting) {
    const struct pg_rows *policy = setting->policy;
    const char *project = args_text(setting->ctx->args, "project");
    const char *raw_s = pg_text(policy, 0, COLUMN_SECONDS);
    const char *rollups_s = pg_text(policy, 0, COLUMN_SECONDS + 1);
    const bool shorter =
        rollups_s != NULL && (raw_s == NULL || pg_int(policy, 0, COLUMN_SECONDS + 1) <
                                                   pg_int(policy, 0, COLUMN_SECONDS));
    ctx_note("Kept in %s%s%s: raw values %s, roll-ups %s, alerts %s.",
             project != NULL ? "project '" : "projects that say nothing of their own",
             project != NULL ? project : "", project != NULL ? "'" : "",
             pg_text(policy, 0, COLUMN_KINDS), pg_text(policy, 0, COLUMN_KINDS + 1),
             pg_text(policy, 0, COLUMN_KINDS + 2));
    if (shorter) {
        ctx_note("Roll-ups stay as long as the raw values that they stand for.");
    }
}

static enum exit_code ask(struct setting *setting) {
    enum exit_code code = try(setting, true, false);
    if (code == EXIT_OK && !setting->ctx->json) {
        code = show_old(setting);
    }
    if (code == EXIT_OK) {
        note_policy(setting);
        code = confirm(setting->ctx, "yes", "keep things so long, and remove what is older");
    }
    return code;
}

static enum exit_code answer(struct setting *setting) {
    if (setting->dry_run) {
        note_policy(setting);
        return show_old(setting);
    }
    if (!setting->ctx->json) {
        note_policy(setting);
        return EXIT_OK;
    }
    struct json json;
    ctx_json_open(setting->ctx, &json);
    put_head(&json, setting);
    ctx_json_close(&json);
    return EXIT_OK;
}

static enum exit_code set(struct setting *setting) {
    const bool dry_run = setting->dry_run;
    enum exit_code code = EXIT_OK;
    if (!dry_run && !args_given(setting->ctx->args, "yes")) {
        code = ask(setting);
    }
    if (code == EXIT_OK) {
        code = try(setting, dry_run, !dry_run);
    }
    return code == EXIT_OK ? answer(setting) : code;
}

enum exit_code cmd_retention_set(struct ctx *ctx) {
    struct setting setting = {.ctx = ctx, .dry_run = args_given(ctx->args, "dry-run")};
    enum exit_code code = read_all(&setting);
    if (code == EXIT_OK) {
        code = db_become_owner(ctx);
    }
    if (code == EXIT_OK && args_given(ctx->args, "project")) {
        code = find_project(ctx);
    }
    if (code == EXIT_OK) {
        code = set(&setting);
    }
    pg_rows_free(setting.old);
    pg_rows_free(setting.policy);
    return code;
}
