/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

/* A directory and an endpoint for one test of the emitter, and a run in it. */

#include <stddef.h>

#include "emitter/include/tocsin.h"

struct scene {
    char dir[64];
    char rings[96];
    char spool[96];
    char endpoint[128];
};

void scene_make(struct scene *scene);
/* Files left in the ring directory. */
size_t scene_rings_n(const struct scene *scene);
/* Files left in the spool directory. */
size_t scene_spools_n(const struct scene *scene);
void scene_remove(struct scene *scene);
/* A quiet run of project "p" at the place. */
struct tocsin *scene_start(const struct scene *scene);
struct tocsin_options scene_options(const struct scene *scene);

/* What a descriptor was written while f() ran; at most size - 1 bytes, NUL-terminated. */
void scene_capture(int fd, void (*f)(void *context), void *context, size_t size, char *out);

#endif
