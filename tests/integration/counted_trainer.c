/* SPDX-License-Identifier: Apache-2.0 */
/* counted_trainer COUNTER CALLS END: logs two metrics a call, and says in the file COUNTER, a
 * mapped number that outlives the process, how many calls have returned. What does not fit is tried
 * again. END: finish  ends the run with tocsin_finish() and its default deadline exit    leaves
 * without it wait    waits to be killed; with CALLS 0 it logs until then */

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"

static _Atomic uint64_t *map_counter(const char *path) {
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) != 0) {
        return NULL;
    }
    void *map = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map != MAP_FAILED ? map : NULL;
}

static int log_calls(struct tocsin *run, tocsin_keyset keyset, int64_t calls,
                     _Atomic uint64_t *counter) {
    for (int64_t step = 0; calls == 0 || step < calls;) {
        const double values[] = {(double)step, -(double)step};
        const enum tocsin_err err = tocsin_log(run, keyset, step, values);
        if (err == TOCSIN_OK) {
            step++;
            atomic_fetch_add(counter, 1);
        } else if (err == TOCSIN_ERR_FULL) {
            usleep(2000);
        } else {
            return 3;
        }
        if (step % 1000 == 0) {
            tocsin_alert(run, TOCSIN_INFO, "another thousand", NULL, step, NULL);
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
    if (argc != 4) {
        fprintf(stderr, "usage: counted_trainer COUNTER CALLS finish|exit|wait\n");
        return 2;
    }
    _Atomic uint64_t *counter = map_counter(argv[1]);
    options.project = "spooled";
    if (counter == NULL || tocsin_start(&options, &run) != TOCSIN_OK ||
        tocsin_prepare(run, 2, names, &keyset) != TOCSIN_OK) {
        return 2;
    }
    const int bad = log_calls(run, keyset, strtol(argv[2], NULL, 10), counter);
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
