/* SPDX-License-Identifier: Apache-2.0 */
/* Four commands that differ in what they read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/bus.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/importer.h"
#include "cli/source.h"
#include "schema/wire/clock.h"

struct result {
    char *name;
    struct importer_report report;
    struct leftout leftout;
};

struct import {
    struct ctx *ctx;
    const struct source_kind *kind;
    struct source *source;
    const char *project;
    const struct bus *bus;  /* NULL: --dry-run */
    struct result *results; /* one for each run of the source */
};

static const char *const states[] = {[IMPORTER_EMPTY] = "empty",
                                     [IMPORTER_COUNTED] = "would be imported",
                                     [IMPORTER_ALREADY] = "already imported",
                                     [IMPORTER_IMPORTED] = "imported"};

/* Answer */

static void print_leftout(struct json *json, const struct leftout *leftout) {
    json_open(json, '{');
    for (size_t i = 0; i < leftout->n; i++) {
        json_key(json, leftout->kinds[i].what);
        json_int(json, (int64_t)leftout->kinds[i].n);
    }
    json_close(json);
}

static void print_result(struct json *json, const struct result *result) {
    const struct importer_report *report = &result->report;
    const struct {
        const char *key;
        uint64_t n;
    } counts[] = {{"calls", report->calls},
                  {"skipped", report->skipped},
                  {"alerts", report->alerts},
                  {"skipped_alerts", report->skipped_alerts}};
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, report->run_id);
    json_open(json, '{');
    json_key(json, "run");
    json_text(json, result->name);
    json_key(json, "run_id");
    json_text(json, id);
    json_key(json, "state");
    json_text(json, states[report->state]);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_key(json, counts[i].key);
        json_int(json, (int64_t)counts[i].n);
    }
    json_key(json, "left_out");
    print_leftout(json, &result->leftout);
    json_close(json);
}

static void print_json(const struct import *import) {
    struct json json;
    ctx_json_open(import->ctx, &json);
    json_key(&json, "project");
    json_text(&json, import->project);
    json_key(&json, "runs");
    json_open(&json, '[');
    for (size_t i = 0; i < import->source->n; i++) {
        print_result(&json, &import->results[i]);
    }
    json_close(&json);
    ctx_json_close(&json);
}

static void put_number(struct out *out, uint64_t n) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, n);
    out_cell(out, text);
}

static void print_rows(const struct import *import) {
    static const struct out_column columns[] = {
        {.name = "run"},
        {.name = "state"},
        {.name = "calls", .right = true},
        {.name = "skipped", .right = true},
        {.name = "alerts", .right = true},
        {.name = "run_id"},
    };
    struct out *out = out_new(import->ctx->out, import->ctx->style,
                              (int)(sizeof columns / sizeof columns[0]), columns);
    for (size_t i = 0; i < import->source->n; i++) {
        const struct result *result = &import->results[i];
        out_cell(out, result->name);
        out_cell(out, states[result->report.state]);
        put_number(out, result->report.calls);
        put_number(out, result->report.skipped);
        put_number(out, result->report.alerts);
        put_number(out, result->report.run_id);
    }
    out_end(out);
    out_free(out);
}

/* Also after an error: it may be why there is one. */
static void note_leftout(const struct import *import) {
    for (size_t i = 0; i < import->source->n; i++) {
        const struct result *result = &import->results[i];
        for (size_t k = 0; k < result->leftout.n; k++) {
            const struct leftout_kind *kind = &result->leftout.kinds[k];
            ctx_note("run '%s': %" PRIu64 " %s left out, the first: %s", result->name, kind->n,
                     kind->what, kind->example);
        }
    }
}

static void summarize(const struct import *import) {
    uint64_t counts[4] = {0};
    uint64_t calls = 0;
    uint64_t skipped = 0;
    uint64_t alerts = 0;
    for (size_t i = 0; i < import->source->n; i++) {
        const struct result *result = &import->results[i];
        counts[result->report.state]++;
        calls += result->report.calls;
        skipped += result->report.skipped;
        alerts += result->report.alerts;
    }
    ctx_note("Project '%s': runs %s: %" PRIu64 " (calls: %" PRIu64 ", alerts: %" PRIu64
             "), already imported: %" PRIu64 "; calls that were there before: %" PRIu64,
             import->project, states[import->bus != NULL ? IMPORTER_IMPORTED : IMPORTER_COUNTED],
             counts[IMPORTER_IMPORTED] + counts[IMPORTER_COUNTED], calls, alerts,
             counts[IMPORTER_ALREADY], skipped);
}

/* Work */

/* A name that was given changes the identity: it is the way to import the same thing once more. */
static void name_run(const struct import *import, size_t i, char **out_name, char **out_identity) {
    const struct source_run *run = &import->source->runs[i];
    const char *given = args_text(import->ctx->args, "name");
    const bool several = import->source->n > 1;
    if (asprintf(out_name, "%s%s%s", given != NULL ? given : "",
                 given != NULL && several ? "/" : "",
                 given == NULL || several ? run->name : "") < 0) {
        abort();
    }
    *out_identity = source_identity(run->identity, given != NULL ? given : "");
}

static enum exit_code import_one(const struct import *import, size_t i) {
    const struct args *args = import->ctx->args;
    const struct source_run *run = &import->source->runs[i];
    struct result *result = &import->results[i];
    const char *group = args_text(args, "group");
    char *identity = NULL;
    name_run(import, i, &result->name, &identity);
    const struct importer_spec spec = {.ctx = import->ctx,
                                       .bus = import->bus,
                                       .word = import->kind->word,
                                       .identity = identity,
                                       .project = import->project,
                                       .name = result->name,
                                       .group = group != NULL ? group : run->group,
                                       .config = run->config,
                                       .endpoint = args_text(args, "endpoint"),
                                       .started_ns = run->started_ns,
                                       .rank = run->rank,
                                       .world_size = run->world_size,
                                       .patience_ns = args_int(args, "timeout") * CLOCK_NS_PER_S};
    struct importer *importer = NULL;
    enum exit_code code = importer_begin(&spec, &importer);
    if (code == EXIT_OK) {
        code = import->kind->read(import->ctx, import->source, i, importer, &result->leftout);
        code = importer_end(importer, code, &result->report);
    }
    free(identity);
    return code;
}

static enum exit_code import_all(struct import *import) {
    enum exit_code code = EXIT_OK;
    bool any = false;
    size_t i = 0;
    for (; code == EXIT_OK && i < import->source->n; i++) {
        code = import_one(import, i);
        any = any || import->results[i].report.state != IMPORTER_EMPTY;
    }
    if (code == EXIT_OK && !any) {
        return ctx_fail(import->ctx, EXIT_USAGE, "there is nothing to import in '%s': no numbers",
                        import->ctx->args->rest[0]);
    }
    if (code != EXIT_OK && i > 1 && !import->ctx->json) {
        ctx_note("This was run %zu of %zu; those before it are imported.", i, import->source->n);
    }
    return code;
}

static enum exit_code import_source(struct import *import) {
    import->results = calloc(import->source->n + 1, sizeof *import->results);
    if (import->results == NULL) {
        abort();
    }
    const enum exit_code code = import_all(import);
    if (code == EXIT_OK && import->ctx->json) {
        print_json(import);
    } else if (code == EXIT_OK) {
        print_rows(import);
    }
    if (!import->ctx->json) {
        note_leftout(import);
    }
    if (code == EXIT_OK && !import->ctx->json) {
        summarize(import);
    }
    for (size_t i = 0; i < import->source->n; i++) {
        free(import->results[i].name);
    }
    free(import->results);
    return code;
}

static enum exit_code run(struct ctx *ctx, const struct source_kind *kind) {
    struct import import = {.ctx = ctx, .kind = kind};
    struct bus bus;
    struct why why = {""};
    if (ctx->args->rest_n != 1) {
        return ctx_fail(ctx, EXIT_USAGE, "import %s needs one %s. See: tocsin import %s --help",
                        kind->word, ctx->args->command->rest, kind->word);
    }
    if (!args_given(ctx->args, "dry-run")) {
        if (bus_load(&bus, &why) != ERR_OK) {
            return ctx_fail(ctx, EXIT_INTERNAL, "%s", why.text);
        }
        import.bus = &bus;
    }
    enum exit_code code = kind->open(ctx, ctx->args->rest[0], &import.source);
    if (code != EXIT_OK) {
        return code;
    }
    import.project = args_text(ctx->args, "project");
    if (import.project == NULL) {
        import.project = import.source->project;
    }
    code = import_source(&import);
    kind->close(import.source);
    return code;
}

enum exit_code cmd_import_csv(struct ctx *ctx) {
    return run(ctx, &source_csv);
}

enum exit_code cmd_import_wandb(struct ctx *ctx) {
    return run(ctx, &source_wandb);
}

enum exit_code cmd_import_trackio(struct ctx *ctx) {
    return run(ctx, &source_trackio);
}

enum exit_code cmd_import_tensorboard(struct ctx *ctx) {
    return run(ctx, &source_tensorboard);
}
