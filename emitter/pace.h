/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_PACE_H
#define EMITTER_PACE_H

/* How many bytes of metrics may be on their way: few at the start of a connection, twice as many
 * each time an acknowledgement comes soon, half as many each time one comes late. A collector that
 * has more to store than it can takes no longer for it, whoever sends; what is on its way then only
 * waits in its memory. Pure. */

#include <stdint.h>

struct pace {
    uint64_t bytes;
    uint64_t probe_seq; /* the batch whose acknowledgement is timed; 0: none */
    int64_t probe_ns;   /* when it was sent */
};

/* At the start of every connection. */
void pace_begin(struct pace *pace);
void pace_sent(struct pace *pace, uint64_t seq, int64_t now_ns);
/* Everything through last_seq is committed. */
void pace_acknowledged(struct pace *pace, uint64_t last_seq, int64_t now_ns);

#endif
