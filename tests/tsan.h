/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TSAN_H
#define TESTS_TSAN_H

/* Included before everything else in the tsan preset. ThreadSanitizer of gcc 12 does not know
 * pthread_clockjoin_np(), so it would take whatever happens after such a join for a race with the
 * thread that has ended. It knows pthread_timedjoin_np(). */

#include <pthread.h>
#include <time.h>

static inline int tsan_clockjoin(pthread_t thread, void **out, clockid_t clock,
                                 const struct timespec *until) {
    struct timespec now;
    struct timespec wall;
    clock_gettime(clock, &now);
    clock_gettime(CLOCK_REALTIME, &wall);
    wall.tv_sec += until->tv_sec - now.tv_sec;
    wall.tv_nsec += until->tv_nsec - now.tv_nsec;
    if (wall.tv_nsec < 0) {
        wall.tv_nsec += 1000000000;
        wall.tv_sec--;
    } else if (wall.tv_nsec >= 1000000000) {
        wall.tv_nsec -= 1000000000;
        wall.tv_sec++;
    }
    return pthread_timedjoin_np(thread, out, &wall);
}

#define pthread_clockjoin_np tsan_clockjoin

#endif
