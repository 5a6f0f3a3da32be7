/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ZAP_H
#define COLLECTOR_ZAP_H

/* The zap thread: decides which connections come to be (ZeroMQ RFC 27). libzmq asks it during every
 * handshake and holds all others up meanwhile, so it answers from memory and never waits. What it
 * admits gets the number of its key as User-Id, which libzmq attaches to every message.
 *
 * Two domains, one for each way to listen:
 *   ZAP_KEYS   tcp: CURVE with a key of the allow-list that is not revoked, nothing else
 *   ZAP_LOCAL  ipc: whoever can open the socket file, which only this user can; number 0
 */

#include <stddef.h>

#include "collector/allowlist.h"
#include "schema/wire/err.h"

#define ZAP_KEYS  "tocsin"
#define ZAP_LOCAL "local"

struct zap;

/* zmq: the ROUTER's context; start before the ROUTER binds. Borrows list until zap_stop().
 * Errors: ERR_IO, ERR_MEMORY. */
enum err zap_start(void *zmq, struct allowlist *list, struct zap **out,
                   struct why *why) ERR_MUST_CHECK;
/* After the ROUTER is closed, before its context ends. NULL is fine. */
void zap_stop(struct zap *zap);

/* One question of libzmq, for tests: which key, or why not. credentials: of the client, NULL if the
 * mechanism has none. */
struct zap_verdict {
    const char *status; /* "200" or "400" */
    uint64_t key_id;    /* 0: none */
};
struct zap_verdict zap_judge(struct allowlist *list, const char *domain, const char *mechanism,
                             const char *public_key);

#endif
