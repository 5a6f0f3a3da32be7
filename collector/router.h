/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ROUTER_H
#define COLLECTOR_ROUTER_H

/* The ROUTER socket: options, addresses, one message in, one frame out. zmq.h is included in
 * router.c only. Opened and closed by main; between, the ingest thread only. Never blocks but in
 * router_wait(). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/allowlist.h"
#include "collector/peer.h"
#include "collector/settings.h"
#include "schema/wire/err.h"

struct router;

/* Binds every address of settings->listen; with settings->server_key every tcp address admits keys
 * of the allow-list only, which is borrowed until router_close(). Errors: ERR_ADDRESS, ERR_IO,
 * ERR_CONFIG, each with a sentence that names the remedy. */
enum err router_open(const struct settings *settings, struct allowlist *list, struct router **out,
                     struct why *why) ERR_MUST_CHECK;
/* Answers get up to linger_ms to leave. NULL is fine. */
void router_close(struct router *router, int linger_ms);

/* The addresses bound, comma separated, with real port numbers; lives as long as the router. */
const char *router_addresses(const struct router *router);

/* Waits until there is a message, if reading, or wake_fd is readable. */
void router_wait(struct router *router, int wake_fd, bool reading);

struct router_message {
    struct peer peer;  /* len 0: the peer's routing id is too long to be answered */
    const void *bytes; /* borrowed until the next router_receive() */
    size_t len;
    uint64_t key_id; /* of the connection; 0: it came without a key */
    bool multipart;  /* more parts came and were thrown away */
};

/* False if there is none now. */
bool router_receive(struct router *router, struct router_message *out);
/* False if the peer is gone or does not read; then nothing was sent. */
bool router_send(struct router *router, const struct peer *peer, const void *bytes, size_t len);

#endif
