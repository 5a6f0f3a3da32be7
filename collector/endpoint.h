/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ENDPOINT_H
#define COLLECTOR_ENDPOINT_H

/* Where tocsind may listen, decided before ZeroMQ is asked: ZeroMQ would take a live collector's
 * socket file away without a word, delete a file that is no socket, and open a port to the world.
 *
 * Without keys, only what nobody else can reach: ipc:// under a directory of this user (or of root)
 * and tcp:// on a loopback address; with keys any tcp:// address. Main thread only, before the
 * other threads run.
 */

#include <stdbool.h>

#include "schema/wire/err.h"

/* True for a numeric loopback address: 127.x.y.z or [::1]. */
bool endpoint_is_loopback(const char *host);

struct endpoint;

/* Whether peers are told apart by the socket file they can open. */
bool endpoint_is_ipc(const char *address);

/* Checks one address; keyed: tcp connections need a key. For ipc: makes the directory (0700) if it
 * is missing, and takes a lock beside the socket that lasts as long as the endpoint, so that a
 * second tocsind is noticed and the socket file of a dead one is no obstacle. Errors: ERR_ADDRESS
 * and ERR_IO with a sentence that names the remedy. */
enum err endpoint_open(const char *address, bool keyed, struct endpoint **out,
                       struct why *why) ERR_MUST_CHECK;
/* Lets the lock go; for ipc removes the socket file. NULL is fine. */
void endpoint_close(struct endpoint *endpoint);

#endif
