/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_PEER_H
#define COLLECTOR_PEER_H

/* A routing id: whom to answer on the ROUTER. libzmq makes ids of 5 bytes, but a peer may choose
 * its own: it names a connection and proves nothing. Longer ones than this are refused. */

#include <stdint.h>

#define PEER_BYTES_MAX 32

struct peer {
    uint8_t len;
    uint8_t bytes[PEER_BYTES_MAX];
};

#endif
