/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/faults/setback.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S 3600

static _Atomic time_t behind_s;

static void set_back(int number) {
    (void)number;
    atomic_fetch_add(&behind_s, HOUR_S);
}

void setback_on(int signal_number) {
    signal(signal_number, set_back);
}

/* Takes the place of libc's, also for the libraries of the program. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *out) {
    const int rc = (int)syscall(SYS_clock_gettime, id, out);
    if (id == CLOCK_REALTIME) {
        out->tv_sec -= atomic_load(&behind_s);
    }
    return rc;
}
