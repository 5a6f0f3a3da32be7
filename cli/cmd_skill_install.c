/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/skill/skill.h"

#define FILES_MAX 8 /* one for each program, or another one */

struct install {
    struct ctx *ctx;
    const char *base; /* NULL: here */
    int n;
    struct skill_file files[FILES_MAX];
};

/* What is there must not be lost: somebody may have changed it. */
static enum exit_code add(struct install *install, const char *folder) {
    struct ctx *ctx = install->ctx;
    struct skill_file *file = &install->files[install->n];
    struct why why = {""};
    const enum err err = skill_look(install->base, folder, file, &why);
    if (err != ERR_OK) {
        return ctx_fail(ctx, err == ERR_IO ? EXIT_INTERNAL : EXIT_USAGE, "%s", why.text);
    }
    if (file->state == SKILL_OTHER && !args_given(ctx->args, "force")) {
        ctx_fail(ctx, EXIT_USAGE,
                 "%.300s is not what this version would write: it was changed, or is of another "
                 "version. Nothing is written.",
                 file->path);
        return ctx_hint(ctx, EXIT_USAGE, "To replace it: --force");
    }
    install->n++;
    return EXIT_OK;
}

static enum exit_code add_agents(struct install *install) {
    enum exit_code code = EXIT_OK;
    for (const struct skill_agent *agent = skill_agents; code == EXIT_OK && agent->name != NULL;
         agent++) {
        if (args_given(install->ctx->args, agent->name)) {
            code = add(install, install->base == NULL ? agent->project : agent->user);
        }
    }
    return code == EXIT_OK && install->n == 0 ? add(install, SKILL_SHARED) : code;
}

static bool names_place(const struct args *args) {
    bool named = args_given(args, "global");
    for (const struct skill_agent *agent = skill_agents; agent->name != NULL; agent++) {
        named = named || args_given(args, agent->name);
    }
    return named;
}

static enum exit_code choose(struct install *install) {
    struct ctx *ctx = install->ctx;
    const char *dest = args_text(ctx->args, "dest");
    if (dest != NULL && names_place(ctx->args)) {
        return ctx_fail(ctx, EXIT_USAGE, "--dest names the folder: leave out the other places.");
    }
    if (args_given(ctx->args, "global")) {
        install->base = getenv("HOME");
        if (install->base == NULL || install->base[0] == '\0') {
            return ctx_fail(ctx, EXIT_USAGE, "--global needs HOME.");
        }
    }
    return dest != NULL ? add(install, dest) : add_agents(install);
}

static enum exit_code write_files(struct install *install) {
    struct why why = {""};
    for (int i = 0; i < install->n; i++) {
        const struct skill_file *file = &install->files[i];
        if (file->state != SKILL_SAME && skill_write(file, &why) != ERR_OK) {
            return ctx_fail(install->ctx, EXIT_INTERNAL, "%s", why.text);
        }
    }
    return EXIT_OK;
}

static const char *done_with(const struct skill_file *file) {
    static const char *const done[] = {
        [SKILL_ABSENT] = "written", [SKILL_SAME] = "unchanged", [SKILL_OTHER] = "replaced"};
    return done[file->state];
}

static void print_json(const struct install *install) {
    struct json json;
    ctx_json_open(install->ctx, &json);
    json_member(&json, "skill", SKILL_NAME);
    json_key(&json, "files");
    json_open(&json, '[');
    for (int i = 0; i < install->n; i++) {
        json_open(&json, '{');
        json_member(&json, "path", install->files[i].path);
        json_member(&json, "state", done_with(&install->files[i]));
        json_close(&json);
    }
    json_close(&json);
    ctx_json_close(&json);
}

static void print_table(const struct install *install) {
    static const struct out_column columns[] = {{.name = "state"}, {.name = "path"}};
    struct out *out = out_new(install->ctx->out, install->ctx->style, 2, columns);
    for (int i = 0; i < install->n; i++) {
        out_cell(out, done_with(&install->files[i]));
        out_cell(out, install->files[i].path);
    }
    out_end(out);
    out_free(out);
}

enum exit_code cmd_skill_install(struct ctx *ctx) {
    struct install install = {.ctx = ctx};
    enum exit_code code = choose(&install);
    if (code == EXIT_OK) {
        code = write_files(&install);
    }
    if (code == EXIT_OK) {
        (ctx->json ? print_json : print_table)(&install);
    }
    return code;
}
