/* SPDX-License-Identifier: Apache-2.0 */
/* counted_trainer COUNTER CALLS END [drop]: logs two metrics a call, and says in the file COUNTER,
 * two mapped numbers that outlive the process, how many calls have returned well and how many were
 * given up. What does not fit
 * is tried again, or with drop given up; then it takes some ten seconds for 200,000 calls. END:
 *     finish  ends the run with tocsin_finish() and its default deadline
 *     exit    leaves without it
 *     wait    waits to be killed; with CALLS 0 it logs until then */

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"

struct counter {
    _Atomic uint64_t returned;
    _Atomic uint64_t dropped;
};

static struct counter *map_counter(const char *path) {
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct counter)) != 0) {
        return NULL;
    }
    void *map = mmap(NULL, sizeof(struct counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map != MAP_FAILED ? map : NULL;
}

#define DROP_PACE 50 /* calls between two pauses */

/* Logs until it fits. */
static enum tocsin_err log_patiently(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                                     const double *values) {
    enum tocsin_err err;
    while ((err = tocsin_log(run, keyset, step, values)) == TOCSIN_ERR_FULL) {
        usleep(2000);
    }
    return err;
}

static int log_calls(struct tocsin *run, tocsin_keyset keyset, int64_t calls, bool drops,
                     struct counter *counter) {
    for (int64_t step = 0; calls == 0 || step < calls; step++) {
        const double values[] = {(double)step, -(double)step};
        const enum tocsin_err err = drops ? tocsin_log(run, keyset, step, values)
                                          : log_patiently(run, keyset, step, values);
        if (err != TOCSIN_OK && err != TOCSIN_ERR_FULL) {
            return 3;
        }
        atomic_fetch_add(err == TOCSIN_OK ? &counter->returned : &counter->dropped, 1);
        if ((step + 1) % 1000 == 0) {
            tocsin_alert(run, TOCSIN_INFO, "another thousand", NULL, step + 1, NULL);
        }
        if ((step + 1) % (drops ? DROP_PACE : 1000) == 0) {
            usleep(2000);
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    static const char *const names[] = {"a", "b"};
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    struct tocsin *run = NULL;
    tocsin_keyset keyset = 0;
    const bool drops = argc == 5 && strcmp(argv[4], "drop") == 0;
    if (argc != 4 && !drops) {
        fprintf(stderr, "usage: counted_trainer COUNTER CALLS finish|exit|wait [drop]\n");
        return 2;
    }
    struct counter *counter = map_counter(argv[1]);
    options.project = "spooled";
    if (counter == NULL || tocsin_start(&options, &run) != TOCSIN_OK ||
        tocsin_prepare(run, 2, names, &keyset) != TOCSIN_OK) {
        return 2;
    }
    const int bad = log_calls(run, keyset, strtol(argv[2], NULL, 10), drops, counter);
    if (bad != 0) {
        return bad;
    }
    if (strcmp(argv[3], "wait") == 0) {
        pause();
    }
    if (strcmp(argv[3], "finish") == 0) {
        return tocsin_finish(&run, -1) == TOCSIN_OK ? 0 : 4;
    }
    return 0;
}
