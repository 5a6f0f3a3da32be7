/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of TensorBoard's event files: every directory with such files in it is a run. Scalars
 * are taken in the order of the files' names, which begin with the time of their start. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/instant.h"
#include "cli/source.h"
#include "cli/tfevent.h"
#include "cli/tfrecord.h"
#include "schema/wire/clock.h"

#define DEPTH_MAX        16
#define FILES_MAX        10000 /* of one run */
#define EVENT_VALUES_MAX 4096
#define TAGS_BYTES_MAX   (1024U * 1024)

struct files {
    size_t n;
    char **paths;
};

struct tensorboard_source {
    struct source base;
    struct files *files; /* of each run */
};

/* Open */

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static char *join(const char *dir, const char *name) {
    const size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    if (path == NULL) {
        abort();
    }
    snprintf(path, size, "%s/%s", dir, name);
    return path;
}

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static enum exit_code add_file(struct ctx *ctx, struct files *files, const char *path) {
    if (files->n == FILES_MAX) {
        return ctx_fail(ctx, EXIT_USAGE, "more than %d event files beside '%s'", FILES_MAX, path);
    }
    files->paths = reallocarray(files->paths, files->n + 1, sizeof *files->paths);
    if (files->paths == NULL || (files->paths[files->n] = strdup(path)) == NULL) {
        abort();
    }
    files->n++;
    return EXIT_OK;
}

static enum exit_code add_run(struct ctx *ctx, struct tensorboard_source *source, const char *name,
                              const char *identity, struct files files) {
    if (source_add(&source->base, name, identity) == NULL) {
        return ctx_fail(ctx, EXIT_USAGE, "more than %d runs", SOURCE_RUNS_MAX);
    }
    source->files = reallocarray(source->files, source->base.n, sizeof *source->files);
    if (source->files == NULL) {
        abort();
    }
    source->files[source->base.n - 1] = files;
    return EXIT_OK;
}

static void free_files(struct files *files) {
    for (size_t i = 0; i < files->n; i++) {
        free(files->paths[i]);
    }
    free(files->paths);
}

/* A directory on the way down. Links are not followed: they may lead back. */
struct walk {
    struct ctx *ctx;
    struct tensorboard_source *source;
    const char *root;
};

static enum exit_code walk_dir(const struct walk *walk, const char *dir, int depth);

static enum exit_code visit(const struct walk *walk, const char *path, int depth,
                            struct files *files) {
    struct stat st;
    if (lstat(path, &st) != 0) {
        return EXIT_OK; /* gone meanwhile */
    }
    if (S_ISDIR(st.st_mode)) {
        return depth < DEPTH_MAX ? walk_dir(walk, path, depth + 1) : EXIT_OK;
    }
    return S_ISREG(st.st_mode) && strstr(base_of(path), "tfevents") != NULL
               ? add_file(walk->ctx, files, path)
               : EXIT_OK;
}

/* In the order of names, subdirectories among them. */
static enum exit_code walk_dir(const struct walk *walk, const char *dir, int depth) {
    struct dirent **entries = NULL;
    struct files files = {0};
    enum exit_code code = EXIT_OK;
    const int n = scandir(dir, &entries, is_visible, alphasort);
    if (n < 0) {
        return ctx_fail(walk->ctx, EXIT_NOT_FOUND, "cannot read '%s': %s", dir, strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        char *path = join(dir, entries[i]->d_name);
        if (code == EXIT_OK) {
            code = visit(walk, path, depth, &files);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    if (code != EXIT_OK || files.n == 0) {
        free_files(&files);
        return code;
    }
    const char *name = strcmp(dir, walk->root) == 0 ? base_of(dir) : dir + strlen(walk->root) + 1;
    return add_run(walk->ctx, walk->source, name, dir, files);
}

static enum exit_code find_runs(struct ctx *ctx, struct tensorboard_source *source,
                                const char *root) {
    struct stat st;
    if (stat(root, &st) != 0) {
        return ctx_fail(ctx, EXIT_NOT_FOUND, "cannot open '%s': %s", root, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        const struct walk walk = {.ctx = ctx, .source = source, .root = root};
        const enum exit_code code = walk_dir(&walk, root, 0);
        return code != EXIT_OK || source->base.n > 0
                   ? code
                   : ctx_fail(ctx, EXIT_NOT_FOUND,
                              "there is no event file (*tfevents*) in '%s' or below it", root);
    }
    struct files files = {0};
    char *dir = strndup(root, (size_t)(base_of(root) - root) - 1);
    if (dir == NULL) {
        abort();
    }
    enum exit_code code = add_file(ctx, &files, root);
    if (code == EXIT_OK) {
        code = add_run(ctx, source, dir[0] != '\0' ? base_of(dir) : base_of(root), root, files);
    }
    free(dir);
    return code;
}

static void close_tensorboard(struct source *base) {
    struct tensorboard_source *source = (struct tensorboard_source *)base;
    for (size_t i = 0; i < base->n; i++) {
        free_files(&source->files[i]);
    }
    free(source->files);
    source_fini(base);
    free(source);
}

static enum exit_code open_tensorboard(struct ctx *ctx, const char *path, struct source **out) {
    char *root = source_path(ctx, path);
    if (root == NULL) {
        return EXIT_NOT_FOUND;
    }
    struct tensorboard_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        abort();
    }
    const enum exit_code code = find_runs(ctx, source, root);
    free(root);
    if (code != EXIT_OK) {
        close_tensorboard(&source->base);
        return code;
    }
    *out = &source->base;
    return EXIT_OK;
}

/* Read */

struct reading {
    struct ctx *ctx;
    struct importer *importer;
    struct leftout *leftout;
    const char *path;
    int64_t time_ns; /* of the event before */
    /* The event's scalars. */
    size_t n;
    const char *names[EVENT_VALUES_MAX];
    double values[EVENT_VALUES_MAX];
    size_t starts[EVENT_VALUES_MAX]; /* of names in tags */
    struct buf tags;
};

static void take_value(struct reading *r, const struct tfevent_value *value) {
    char tag[LEFTOUT_EXAMPLE_BYTES];
    snprintf(tag, sizeof tag, "%.*s", (int)(value->tag.len < sizeof tag ? value->tag.len : 95),
             value->tag.len > 0 ? value->tag.ptr : "");
    if (!value->is_scalar) {
        leftout_add(r->leftout, value->other, tag);
    } else if (value->tag.len == 0 || value->tag.len > WIRE_NAME_BYTES_MAX ||
               !str_is_text(value->tag)) {
        leftout_add(r->leftout, "tags that are no names", tag);
    } else if (r->n == EVENT_VALUES_MAX ||
               buf_append(&r->tags, value->tag.ptr, value->tag.len) != ERR_OK ||
               buf_append(&r->tags, "", 1) != ERR_OK) {
        leftout_add(r->leftout, "values beyond 4096 in an event", tag);
    } else {
        r->starts[r->n] = r->tags.len - value->tag.len - 1;
        r->values[r->n] = value->scalar;
        r->n++;
    }
}

/* False: the summary makes no sense; then none of it is taken. */
static bool collect(struct reading *r, struct str summary) {
    struct tfevent_value value;
    bool more = true;
    r->n = 0;
    buf_clear(&r->tags);
    while (more) {
        if (!tfevent_next(&summary, &more, &value)) {
            return false;
        }
        if (more) {
            take_value(r, &value);
        }
    }
    for (size_t i = 0; i < r->n; i++) {
        r->names[i] = (const char *)r->tags.ptr + r->starts[i];
    }
    return true;
}

static enum exit_code take_record(struct reading *r, struct str record) {
    struct tfevent event;
    if (!tfevent_decode(record, &event) || event.step == TOCSIN_STEP_NONE ||
        !collect(r, event.summary)) {
        leftout_add(r->leftout, "records that are no events", r->path);
        return EXIT_OK;
    }
    if (event.other != NULL) {
        leftout_add(r->leftout, event.other, r->path);
    }
    instant_of_seconds(event.wall_time, &r->time_ns);
    const struct importer_call call = {.step = event.step,
                                       .time_ns = r->time_ns,
                                       .n = r->n,
                                       .names = r->names,
                                       .values = r->values};
    return r->n > 0 ? importer_call(r->importer, &call) : EXIT_OK;
}

/* What is said of a record that has no content for us; NULL: nothing. */
static const char *const remarks[] = {
    [TFRECORD_CONTENT] = NULL,
    [TFRECORD_END] = NULL,
    [TFRECORD_TORN] = "torn ends (is the file still being written?)",
    [TFRECORD_DAMAGED] = "damaged records",
    [TFRECORD_LARGE] = "records over 16 MiB",
    [TFRECORD_LOST] = "rests of files behind damage",
    [TFRECORD_FAILED] = NULL,
};

static bool goes_on(enum tfrecord_what what) {
    return what == TFRECORD_CONTENT || what == TFRECORD_DAMAGED || what == TFRECORD_LARGE;
}

static enum exit_code take_records(struct reading *r, FILE *file, uint64_t file_bytes) {
    struct tfrecord records;
    struct str record = {0};
    enum exit_code code = EXIT_OK;
    enum tfrecord_what what = TFRECORD_CONTENT;
    tfrecord_init(&records, file, file_bytes);
    while (code == EXIT_OK && goes_on(what)) {
        what = tfrecord_next(&records, &record);
        if (what == TFRECORD_CONTENT) {
            code = take_record(r, record);
        } else if (what == TFRECORD_FAILED) {
            code =
                ctx_fail(r->ctx, EXIT_INTERNAL, "cannot read '%s': %s", r->path, strerror(errno));
        } else if (remarks[what] != NULL) {
            leftout_add(r->leftout, remarks[what], r->path);
        }
    }
    tfrecord_fini(&records);
    return code;
}

static enum exit_code take_file(struct reading *r) {
    struct stat st;
    FILE *file = fopen(r->path, "re");
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        ctx_fail(r->ctx, EXIT_NOT_FOUND, "cannot open '%s': %s", r->path, strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return EXIT_NOT_FOUND;
    }
    if (r->time_ns == 0) { /* for events without a time, before the first that has one */
        r->time_ns = st.st_mtim.tv_sec > 0 ? st.st_mtim.tv_sec * CLOCK_NS_PER_S : 1;
    }
    const enum exit_code code = take_records(r, file, (uint64_t)st.st_size);
    fclose(file);
    return code;
}

static enum exit_code read_tensorboard(struct ctx *ctx, struct source *base, size_t i,
                                       struct importer *importer, struct leftout *leftout) {
    const struct files *files = &((struct tensorboard_source *)base)->files[i];
    struct reading *r = calloc(1, sizeof *r);
    enum exit_code code = EXIT_OK;
    if (r == NULL) {
        abort();
    }
    r->ctx = ctx;
    r->importer = importer;
    r->leftout = leftout;
    buf_init(&r->tags, TAGS_BYTES_MAX);
    for (size_t k = 0; code == EXIT_OK && k < files->n; k++) {
        r->path = files->paths[k];
        code = take_file(r);
    }
    buf_fini(&r->tags);
    free(r);
    return code;
}

const struct source_kind source_tensorboard = {.word = "tensorboard",
                                               .open = open_tensorboard,
                                               .read = read_tensorboard,
                                               .close = close_tensorboard};
