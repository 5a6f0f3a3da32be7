/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/text.h"

static enum exit_code cannot_write(struct ctx *ctx, const char *path) {
    return ctx_fail(ctx, EXIT_INTERNAL, "cannot write '%s': %s", path, strerror(errno));
}

/* mkstemp() makes files for the owner only; this one is to be like any other. */
static void open_up(int fd) {
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
}

enum exit_code export_file_open(struct ctx *ctx, const char *path, struct export_file *out) {
    struct export_file file = {.file = ctx->out};
    if (path == NULL) {
        file.terminal = isatty(fileno(ctx->out)) == 1;
        *out = file;
        return EXIT_OK;
    }
    file.path = strdup(path);
    if (file.path == NULL || asprintf(&file.temporary, "%s.XXXXXX", path) < 0) {
        abort();
    }
    const int fd = mkstemp(file.temporary);
    file.file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file.file == NULL) {
        cannot_write(ctx, path);
        free(file.temporary);
        free(file.path);
        return EXIT_INTERNAL;
    }
    open_up(fd);
    *out = file;
    return EXIT_OK;
}

static bool finish(struct export_file *file, enum exit_code code) {
    const bool written = fflush(file->file) == 0 && ferror(file->file) == 0 &&
                         (code != EXIT_OK || fsync(fileno(file->file)) == 0);
    const bool closed = fclose(file->file) == 0;
    return code == EXIT_OK && written && closed && rename(file->temporary, file->path) == 0;
}

enum exit_code export_file_close(struct ctx *ctx, struct export_file *file, enum exit_code code) {
    if (file->path == NULL) {
        return code;
    }
    const bool done = finish(file, code);
    if (!done && code == EXIT_OK) {
        code = cannot_write(ctx, file->path);
    }
    if (!done) {
        unlink(file->temporary);
    }
    free(file->temporary);
    free(file->path);
    return code;
}

void export_file_cell(const struct export_file *file, const char *text) {
    if (text == NULL) {
        return;
    }
    if (file->terminal) {
        text_put(file->file, text);
        return;
    }
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file->file);
        return;
    }
    putc('"', file->file);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            putc('"', file->file);
        }
        putc(*text, file->file);
    }
    putc('"', file->file);
}
