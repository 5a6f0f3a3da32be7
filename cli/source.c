/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text) {
    char *own = strdup(text);
    if (own == NULL) {
        abort();
    }
    return own;
}

struct source_run *source_add(struct source *source, const char *name, const char *identity) {
    if (source->n == SOURCE_RUNS_MAX) {
        return NULL;
    }
    source->runs = reallocarray(source->runs, source->n + 1, sizeof *source->runs);
    if (source->runs == NULL) {
        abort();
    }
    source->runs[source->n] =
        (struct source_run){.name = copy(name), .identity = copy(identity), .world_size = 1};
    return &source->runs[source->n++];
}

void source_fini(struct source *source) {
    for (size_t i = 0; i < source->n; i++) {
        free(source->runs[i].name);
        free(source->runs[i].identity);
        free(source->runs[i].group);
        free(source->runs[i].config);
    }
    free(source->runs);
    free(source->project);
}

char *source_identity(const char *path, const char *rest) {
    char *text = NULL;
    if (asprintf(&text, "%s\n%s", path, rest) < 0) {
        abort();
    }
    return text;
}

char *source_path(struct ctx *ctx, const char *path) {
    char *resolved = realpath(path, NULL);
    if (resolved == NULL) {
        ctx_fail(ctx, EXIT_NOT_FOUND, "cannot open '%s': %s", path, strerror(errno));
    }
    return resolved;
}

char *source_stem(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    char *stem = dot != NULL && dot > base ? strndup(base, (size_t)(dot - base)) : strdup(base);
    if (stem == NULL) {
        abort();
    }
    return stem;
}
