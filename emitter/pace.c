/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/pace.h"

#include "schema/wire/clock.h"
#include "schema/wire/wire.h"

#define BYTES_MIN WIRE_FRAME_BYTES_TARGET
#define BYTES_MAX (WIRE_WINDOW_BYTES / 2) /* the other half is for events */
#define SOON_NS   (150 * CLOCK_NS_PER_MS) /* the interval of commits, and a commit */
#define LATE_NS   (400 * CLOCK_NS_PER_MS)

void pace_begin(struct pace *pace) {
    *pace = (struct pace){.bytes = BYTES_MIN};
}

void pace_sent(struct pace *pace, uint64_t seq, int64_t now_ns) {
    if (pace->probe_seq == 0) {
        pace->probe_seq = seq;
        pace->probe_ns = now_ns;
    }
}

void pace_acknowledged(struct pace *pace, uint64_t last_seq, int64_t now_ns) {
    if (pace->probe_seq == 0 || last_seq < pace->probe_seq) {
        return;
    }
    const int64_t taken_ns = now_ns - pace->probe_ns;
    pace->probe_seq = 0;
    if (taken_ns < SOON_NS && pace->bytes < BYTES_MAX) {
        pace->bytes *= 2;
    } else if (taken_ns > LATE_NS && pace->bytes > BYTES_MIN) {
        pace->bytes /= 2;
    }
}
