/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_MESSAGE_H
#define COLLECTOR_MESSAGE_H

/* One frame on its way from the bus to PostgreSQL: a single allocation with the frame's bytes and
 * the frame as decoded, whose views borrow those bytes. Owned by one thread at a time.
 *
 * The bytes are copied out of libzmq on purpose: a libzmq message shorter than 8 KiB keeps the
 * whole buffer alive that it was read into, so thousands of small frames would hold twenty times
 * the memory that the queue accounts for. A copy is exact, and at 30 MB/s costs nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

struct message {
    struct message *next; /* for whatever list holds it */
    struct wire_frame frame;
    uint64_t key_id; /* of the connection it came by; 0: none */
    bool settled;    /* writer: answered; nothing is left to do with it */
    size_t len;
    uint8_t bytes[];
};

/* Gives a message with a copy of bytes; frame is not decoded yet. Free with free(). */
struct message *message_new(size_t len, const void *bytes);

/* What it holds in memory, for bounds. */
size_t message_cost(const struct message *message);

#endif
