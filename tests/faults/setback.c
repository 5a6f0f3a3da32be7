/* SPDX-License-Identifier: Apache-2.0 */
/* A program that links this, or is started with it as LD_PRELOAD, has a wall clock of its own: each
 * SIGUSR1 sets it back by an hour. Takes the place of libc's functions, also for its libraries. */

#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S  3600
#define VISIBLE __attribute__((visibility("default")))

static _Atomic time_t behind_s;

static void set_back(int number) {
    (void)number;
    atomic_fetch_add(&behind_s, HOUR_S);
}

__attribute__((constructor)) static void listen_to_signals(void) {
    signal(SIGUSR1, set_back);
}

VISIBLE int clock_gettime(clockid_t id, struct timespec *out) {
    const int rc = (int)syscall(SYS_clock_gettime, id, out);
    if (id == CLOCK_REALTIME) {
        out->tv_sec -= atomic_load(&behind_s);
    }
    return rc;
}

VISIBLE time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

VISIBLE int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    const int rc = clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return rc;
}
