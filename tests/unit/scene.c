/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void scene_make(struct scene *scene) {
    *scene = (struct scene){.dir = "/tmp/tocsin-unit-XXXXXX"};
    assert_non_null(mkdtemp(scene->dir));
    snprintf(scene->rings, sizeof scene->rings, "%s/rings", scene->dir);
    snprintf(scene->spool, sizeof scene->spool, "%s/spool", scene->dir);
    snprintf(scene->endpoint, sizeof scene->endpoint, "ipc://%s/s", scene->dir);
}

static size_t each_file(const char *dir, bool remove) {
    size_t n = 0;
    DIR *handle = opendir(dir);
    if (handle == NULL) {
        return 0;
    }
    for (struct dirent *e = readdir(handle); e != NULL; e = readdir(handle)) {
        if (e->d_name[0] != '.') {
            n++;
            if (remove) {
                unlinkat(dirfd(handle), e->d_name, 0);
            }
        }
    }
    closedir(handle);
    return n;
}

size_t scene_rings_n(const struct scene *scene) {
    return each_file(scene->rings, false);
}

size_t scene_spools_n(const struct scene *scene) {
    return each_file(scene->spool, false);
}

void scene_remove(struct scene *scene) {
    each_file(scene->rings, true);
    rmdir(scene->rings);
    each_file(scene->spool, true);
    rmdir(scene->spool);
    each_file(scene->dir, true);
    assert_int_equal(rmdir(scene->dir), 0);
}

struct tocsin_options scene_options(const struct scene *scene) {
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.endpoints = scene->endpoint;
    options.project = "p";
    options.ring_dir = scene->rings;
    options.spool_dir = scene->spool;
    options.quiet = true;
    return options;
}

struct tocsin *scene_start(const struct scene *scene) {
    const struct tocsin_options options = scene_options(scene);
    struct tocsin *run = NULL;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    assert_non_null(run);
    return run;
}

void scene_capture(int fd, void (*f)(void *context), void *context, size_t size, char *out) {
    FILE *file = tmpfile();
    assert_non_null(file);
    const int kept = dup(fd);
    assert_true(kept >= 0);
    fflush(NULL);
    assert_true(dup2(fileno(file), fd) >= 0);
    f(context);
    fflush(NULL);
    assert_true(dup2(kept, fd) >= 0);
    close(kept);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}
