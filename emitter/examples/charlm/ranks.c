/* SPDX-License-Identifier: Apache-2.0 */
#include "ranks.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

struct ranks {
    pthread_barrier_t barrier;
    uint32_t size;
    size_t n;
    float vectors[]; /* size x n */
};

struct ranks *ranks_new(uint32_t size, size_t n) {
    const size_t bytes = sizeof(struct ranks) + size * n * sizeof(float);
    struct ranks *ranks =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ranks == MAP_FAILED) {
        return NULL;
    }
    pthread_barrierattr_t shared;
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&ranks->barrier, &shared, size);
    pthread_barrierattr_destroy(&shared);
    ranks->size = size;
    ranks->n = n;
    return ranks;
}

void ranks_average(struct ranks *ranks, uint32_t rank, float *vector) {
    memcpy(ranks->vectors + rank * ranks->n, vector, ranks->n * sizeof *vector);
    pthread_barrier_wait(&ranks->barrier);
    memset(vector, 0, ranks->n * sizeof *vector);
    for (uint32_t r = 0; r < ranks->size; r++) {
        const float *theirs = ranks->vectors + r * ranks->n;
        for (size_t i = 0; i < ranks->n; i++) {
            vector[i] += theirs[i];
        }
    }
    for (size_t i = 0; i < ranks->n; i++) {
        vector[i] /= (float)ranks->size;
    }
    pthread_barrier_wait(&ranks->barrier); /* nobody overwrites what another still reads */
}

static void set_number(const char *name, uint32_t value) {
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    setenv(name, text, 1);
}

/* One name for this launch, as torchrun would give; TOCSIN_RUN_ID still wins over it. */
static void name_launch(void) {
    uint64_t random = 0;
    char text[32];
    if (getrandom(&random, sizeof random, 0) == sizeof random) {
        snprintf(text, sizeof text, "charlm-%016llx", (unsigned long long)random);
        setenv("TORCHELASTIC_RUN_ID", text, 1);
    }
}

static pid_t start_rank(uint32_t rank, uint32_t size, ranks_body *body, void *context) {
    const pid_t pid = fork();
    if (pid == 0) {
        set_number("RANK", rank);
        set_number("LOCAL_RANK", rank);
        set_number("WORLD_SIZE", size);
        set_number("LOCAL_WORLD_SIZE", size);
        exit(body(rank, context));
    }
    return pid;
}

static int code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void kill_all(const pid_t *pids, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (pids[i] > 0) {
            kill(pids[i], SIGKILL);
        }
    }
}

static void forget(pid_t *pids, uint32_t n, pid_t pid) {
    for (uint32_t i = 0; i < n; i++) {
        pids[i] = pids[i] == pid ? 0 : pids[i];
    }
}

int ranks_launch(uint32_t size, ranks_body *body, void *context) {
    pid_t pids[RANKS_MAX] = {0};
    name_launch();
    for (uint32_t rank = 0; rank < size; rank++) {
        pids[rank] = start_rank(rank, size, body, context);
    }
    int worst = 0;
    int status;
    for (pid_t pid; (pid = wait(&status)) > 0;) {
        forget(pids, size, pid);
        if (code_of(status) > worst) {
            worst = code_of(status);
        }
        if (WIFSIGNALED(status)) {
            kill_all(pids, size);
        }
    }
    return worst;
}
