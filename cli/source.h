/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

/* What can be imported: a place with one or more runs in it, which are read one after the other. A
 * kind of source is a table of three functions. */

#include <stddef.h>
#include <stdint.h>

#include "cli/ctx.h"
#include "cli/importer.h"
#include "cli/leftout.h"

#define SOURCE_RUNS_MAX 10000

struct source_run { /* texts belong to the source */
    char *name;
    char *identity;     /* what the run has and no other of its kind of source */
    char *group;        /* NULL: none */
    char *config;       /* a JSON object; NULL: none */
    int64_t started_ns; /* 0: at the first time in it */
    uint32_t rank;
    uint32_t world_size;
};

struct source { /* the first member of what each kind has */
    size_t n;
    struct source_run *runs;
    char *project; /* its own name for it; NULL: it has none */
};

struct source_kind {
    const char *word; /* "csv" */
    enum exit_code (*open)(struct ctx *ctx, const char *path, struct source **out);
    /* Gives all calls and alerts of run i to the importer, in an order that never changes as long
     * as the source only grows. */
    enum exit_code (*read)(struct ctx *ctx, struct source *source, size_t i,
                           struct importer *importer, struct leftout *leftout);
    void (*close)(struct source *source);
};

extern const struct source_kind source_csv;
extern const struct source_kind source_wandb;
extern const struct source_kind source_trackio;
extern const struct source_kind source_tensorboard;

/* Adds a run; name and identity are copied, the rest is nothing yet, of a world of one. Borrowed
 * until the next one is added. NULL: there are SOURCE_RUNS_MAX already. */
struct source_run *source_add(struct source *source, const char *name, const char *identity);
/* Frees what the struct holds. */
void source_fini(struct source *source);

/* "a", "b" as "a\nb", which no other pair gives as long as a is a path. Gives. */
char *source_identity(const char *path, const char *rest);
/* The path without links and dots, as identities have it. Gives; NULL: ctx has the sentence. */
char *source_path(struct ctx *ctx, const char *path);
/* The last part of a path, without what follows its last dot. Gives. */
char *source_stem(const char *path);

#endif
