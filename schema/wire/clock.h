/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_CLOCK_H
#define SCHEMA_WIRE_CLOCK_H

/* Time is int64 nanoseconds everywhere inside the program. Wall time is what users see (Unix
 * epoch, UTC); deadlines and intervals use monotonic time only. */

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_S  INT64_C(1000000000)

static inline int64_t clock_read_ns(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static inline int64_t clock_wall_ns(void) {
    return clock_read_ns(CLOCK_REALTIME);
}

static inline int64_t clock_mono_ns(void) {
    return clock_read_ns(CLOCK_MONOTONIC);
}

#endif
