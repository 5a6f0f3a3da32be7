/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/db.h"
#include "cli/json.h"
#include "cli/secret.h"
#include "cli/signing.h"
#include "cli_sql.h"
#include "schema/wire/wire.h"

struct secrets {
    char url[2 * WIRE_URL_BYTES_MAX]; /* with blanks around it */
    char signing[SIGNING_BYTES];
};

enum { COLUMN_ID, COLUMN_URL, COLUMN_KIND, COLUMN_MADE, COLUMN_SECRET };

static enum exit_code check_project(struct ctx *ctx) {
    const char *project = args_text(ctx->args, "project");
    if (project != NULL && (project[0] == '\0' || strlen(project) > WIRE_NAME_BYTES_MAX ||
                            !str_is_text(str_of(project)))) {
        return ctx_fail(ctx, EXIT_USAGE, "--project is a text of 1 to %d bytes.",
                        WIRE_NAME_BYTES_MAX);
    }
    return EXIT_OK;
}

/* Sentences about a URL never repeat it. */
static enum exit_code check_url(struct ctx *ctx, const char *url) {
    const struct pg_param params[] = {db_text(url)};
    struct pg_rows *rows = NULL;
    if (strlen(url) > WIRE_URL_BYTES_MAX) {
        return ctx_fail(ctx, EXIT_USAGE, "The URL is longer than %d bytes.", WIRE_URL_BYTES_MAX);
    }
    enum exit_code code = db_query(ctx, sql_check_url, 1, params, &rows);
    if (code == EXIT_OK && pg_text(rows, 0, 0)[0] != 't') {
        code = ctx_fail(ctx, EXIT_USAGE,
                        "This is not the URL of a webhook: one begins with https:// (or http://) "
                        "and the name of a host.");
    }
    pg_rows_free(rows);
    return code;
}

static enum exit_code read_url(struct ctx *ctx, struct secrets *secrets) {
    struct why why = {""};
    if (secret_read(args_text(ctx->args, "url-file"), "URL of the webhook (not shown)",
                    sizeof secrets->url, secrets->url, &why) != ERR_OK) {
        return ctx_fail(ctx, EXIT_USAGE, "No URL of a webhook: %s.", why.text);
    }
    return check_url(ctx, secrets->url);
}

/* Teams set their webhook up before the first run makes the project. */
static enum exit_code make_project(struct ctx *ctx) {
    const char *project = args_text(ctx->args, "project");
    const struct pg_param params[] = {db_text(project)};
    struct pg_rows *rows = NULL;
    if (project == NULL) {
        return EXIT_OK;
    }
    const enum exit_code code = db_query(ctx, sql_add_project, 1, params, &rows);
    if (code == EXIT_OK && pg_rows_n(rows) == 1) {
        ctx_note("Project '%s' has no run yet; alerts of its first one will go there.", project);
    }
    pg_rows_free(rows);
    return code;
}

static void print_json(const struct ctx *ctx, const struct pg_rows *rows) {
    const struct args *args = ctx->args;
    struct json json;
    ctx_json_open(ctx, &json);
    json_key(&json, "id");
    json_text(&json, pg_text(rows, 0, COLUMN_ID));
    json_key(&json, "url");
    json_text(&json, pg_text(rows, 0, COLUMN_URL));
    json_key(&json, "kind");
    json_text(&json, pg_text(rows, 0, COLUMN_KIND));
    json_key(&json, "project");
    json_text(&json, args_text(args, "project"));
    json_key(&json, "min_level");
    json_text(&json, args_text(args, "min-level"));
    json_key(&json, "repeat_s");
    json_int(&json, args_int(args, "repeat"));
    json_key(&json, "made");
    json_bool(&json, pg_text(rows, 0, COLUMN_MADE)[0] == 't');
    json_key(&json, "secret");
    json_text(&json, pg_text(rows, 0, COLUMN_SECRET));
    ctx_json_close(&json);
}

static void print(const struct ctx *ctx, const struct pg_rows *rows) {
    const char *id = pg_text(rows, 0, COLUMN_ID);
    const char *secret = pg_text(rows, 0, COLUMN_SECRET);
    fprintf(ctx->out,
            "endpoint          %s\n"
            "url               %s\n"
            "kind              %s\n",
            id, pg_text(rows, 0, COLUMN_URL), pg_text(rows, 0, COLUMN_KIND));
    if (secret != NULL) {
        fprintf(ctx->out, "signing secret    %s\n", secret);
        ctx_note("The secret is shown this once; the receiver checks signatures with it.");
    }
    if (pg_text(rows, 0, COLUMN_MADE)[0] != 't') {
        ctx_note("It was endpoint %s already; level, repetition and kind are as said now.", id);
    }
    ctx_note("To try it: tocsin endpoint test %s", id);
}

static enum exit_code add(struct ctx *ctx, const struct secrets *secrets) {
    const struct args *args = ctx->args;
    char repeat_s[24];
    snprintf(repeat_s, sizeof repeat_s, "%lld", (long long)args_int(args, "repeat"));
    const struct pg_param params[] = {db_text(args_text(args, "project")),
                                      db_text(secrets->url),
                                      db_text(args_text(args, "kind")),
                                      db_text(args_text(args, "min-level")),
                                      db_text(repeat_s),
                                      db_text(secrets->signing)};
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_add_endpoint, 6, params, &rows);
    if (code != EXIT_OK) {
        return code;
    }
    if (ctx->json) {
        print_json(ctx, rows);
    } else {
        print(ctx, rows);
    }
    pg_rows_free(rows);
    return EXIT_OK;
}

static enum exit_code make(struct ctx *ctx, struct secrets *secrets) {
    struct why why = {""};
    enum exit_code code = db_become_owner(ctx);
    if (code == EXIT_OK) {
        code = read_url(ctx, secrets);
    }
    if (code == EXIT_OK && signing_make(secrets->signing, &why) != ERR_OK) {
        code = ctx_fail(ctx, EXIT_INTERNAL, "%s", why.text);
    }
    if (code == EXIT_OK) {
        code = make_project(ctx);
    }
    return code == EXIT_OK ? add(ctx, secrets) : code;
}

enum exit_code cmd_endpoint_add(struct ctx *ctx) {
    struct secrets secrets = {.url = ""};
    enum exit_code code = check_project(ctx);
    if (code == EXIT_OK) {
        code = make(ctx, &secrets);
    }
    explicit_bzero(&secrets, sizeof secrets);
    return code;
}
