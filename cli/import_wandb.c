/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables that come out of W&B:
 *
 *   - what a chart's "export CSV" gives, several runs side by side: Step, "run - loss",
 *     "run - loss__MIN", "run - loss__MAX", ... The value is the first of the three.
 *   - run.history() written by pandas: _step, _timestamp, _runtime, and a column a metric.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/source.h"
#include "cli/table.h"

#define SEPARATOR " - "

struct wandb_source {
    struct source base;
    struct table table;
    bool history;
};

static bool ends_with(const char *text, const char *end) {
    const size_t len = strlen(text);
    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* Where the name of the metric begins in "run - metric"; NULL: it is no such header. A run may have
 * the separator in its name. */
static const char *metric_of(const char *header) {
    const char *found = NULL;
    for (const char *at = strstr(header, SEPARATOR); at != NULL; at = strstr(at + 1, SEPARATOR)) {
        found = at > header && at[strlen(SEPARATOR)] != '\0' ? at + strlen(SEPARATOR) : found;
    }
    return found;
}

static bool is_bound(const char *header) {
    return ends_with(header, "__MIN") || ends_with(header, "__MAX");
}

static size_t run_len(const char *header) {
    return (size_t)(metric_of(header) - header) - strlen(SEPARATOR);
}

static bool is_of(const char *header, const char *run) {
    return metric_of(header) != NULL && run_len(header) == strlen(run) &&
           strncmp(header, run, strlen(run)) == 0;
}

static bool has_run(const struct source *source, const char *header) {
    for (size_t i = 0; i < source->n; i++) {
        if (is_of(header, source->runs[i].name)) {
            return true;
        }
    }
    return false;
}

static void add_run(struct wandb_source *source, const char *header) {
    char *name = strndup(header, run_len(header));
    if (name == NULL) {
        abort();
    }
    char *identity = source_identity(source->table.path, name);
    source_add(&source->base, name, identity);
    free(identity);
    free(name);
}

static enum exit_code find_runs_of_chart(struct ctx *ctx, struct wandb_source *source) {
    const struct table *table = &source->table;
    for (size_t i = 1; i < table->n; i++) {
        const char *header = table->columns[i].header;
        if (metric_of(header) != NULL && !is_bound(header) && !has_run(&source->base, header)) {
            add_run(source, header);
        }
    }
    if (source->base.n == 0) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "%s is neither what W&B's charts export (Step, \"run - metric\", ...) nor "
                        "what run.history() gives (_step, ...); try: tocsin import csv",
                        table->path);
    }
    if (strcasecmp(table->columns[0].header, "Step") != 0) {
        return ctx_fail(ctx, EXIT_USAGE,
                        "the x axis of %s is '%s': set it to Step in W&B and export again",
                        table->path, table->columns[0].header);
    }
    return EXIT_OK;
}

/* The roles for one run of the chart. */
static void choose_run(struct wandb_source *source, const char *run) {
    for (size_t i = 1; i < source->table.n; i++) {
        struct table_column *column = &source->table.columns[i];
        const bool takes = is_of(column->header, run) && !is_bound(column->header);
        column->role = takes ? TABLE_METRIC : TABLE_IGNORED;
        column->name = takes ? metric_of(column->header) : column->header;
    }
    source->table.columns[0].role = TABLE_STEP;
}

static void choose_history(struct wandb_source *source) {
    static const struct {
        const char *header;
        enum table_role role;
    } known[] = {{"_step", TABLE_STEP},
                 {"_timestamp", TABLE_TIME},
                 {"_runtime", TABLE_IGNORED},
                 {"", TABLE_IGNORED}};
    char *stem = source_stem(source->table.path);
    for (size_t i = 0; i < source->table.n; i++) {
        struct table_column *column = &source->table.columns[i];
        column->role = TABLE_METRIC;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            column->role =
                strcmp(column->header, known[k].header) == 0 ? known[k].role : column->role;
        }
    }
    source_add(&source->base, stem, source->table.path);
    free(stem);
}

static void close_wandb(struct source *base) {
    struct wandb_source *source = (struct wandb_source *)base;
    table_close(&source->table);
    source_fini(base);
    free(source);
}

static enum exit_code open_wandb(struct ctx *ctx, const char *path, struct source **out) {
    struct wandb_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        abort();
    }
    enum exit_code code = table_open(ctx, path, &source->table);
    if (code == EXIT_OK) {
        const struct table_column *step = table_find(&source->table, "_step");
        source->history = step != NULL;
        if (source->history) {
            choose_history(source);
        } else {
            code = find_runs_of_chart(ctx, source);
        }
    }
    if (code != EXIT_OK) {
        close_wandb(&source->base);
        return code;
    }
    *out = &source->base;
    return EXIT_OK;
}

static enum exit_code read_wandb(struct ctx *ctx, struct source *base, size_t i,
                                 struct importer *importer, struct leftout *leftout) {
    struct wandb_source *source = (struct wandb_source *)base;
    if (!source->history) {
        choose_run(source, base->runs[i].name);
    }
    return table_read(ctx, &source->table, importer, leftout);
}

const struct source_kind source_wandb = {
    .word = "wandb-csv", .open = open_wandb, .read = read_wandb, .close = close_wandb};
