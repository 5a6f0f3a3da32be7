/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_LINK_H
#define EMITTER_LINK_H

/* One DEALER socket to one collector, and its monitor. Courier only; zmq.h is included in link.c
 * only. A link that is lost is closed and a new one opened: what libzmq still held for the old
 * connection would otherwise arrive with holes in the middle. Nothing here blocks but link_wait().
 */

#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"
#include "schema/wire/keyfile.h"

struct link;

struct link_keys {
    char server[KEYFILE_KEY_CHARS + 1]; /* public key of the collector: nobody else is spoken to */
    struct keyfile_pair own;
};

/* keys: copied; NULL or empty: connections are in the clear. Keys are used over tcp: a socket file
 * is guarded by its directory. NULL: out of memory. */
struct link *link_new(const struct link_keys *keys);
/* What the connection to endpoint is made with; NULL: in the clear. */
const struct link_keys *link_keys_for(const struct link *link, const char *endpoint);
void link_free(struct link *link);

/* For pthread_atfork(): a forked child must find libzmq in a state from which it can start a run of
 * its own. */
void link_before_fork(void);
void link_after_fork(void);
void link_after_fork_in_child(void);

/* Opens a socket towards endpoint. ERR_IO: no descriptor or no memory for it. */
enum err link_open(struct link *link, const char *endpoint, struct why *why) ERR_MUST_CHECK;
void link_close(struct link *link); /* fine if it is closed */

enum link_change { LINK_SAME, LINK_UP, LINK_LOST };

enum link_trouble {
    LINK_CLOSED,       /* by the other end, or silent for too long */
    LINK_BROKEN_OFF,   /* during the handshake, without a word; also how a wrong server key shows */
    LINK_PROTOCOL,     /* not ZeroMQ, or not as it should be */
    LINK_MECHANISM,    /* one end wants keys, the other has none */
    LINK_KEY_REFUSED,  /* our key is not on the collector's list */
    LINK_UNKNOWN_HOST, /* or not reachable */
    LINK_TROUBLES
};

/* Waits until something arrives, wake_fd is readable, or timeout_ms has passed. Tells the last
 * change of the connection; after LINK_LOST out_trouble says why. */
enum link_change link_wait(struct link *link, int wake_fd, int timeout_ms,
                           enum link_trouble *out_trouble);

/* False: the connection takes nothing now. True promises nothing about arrival. */
bool link_send(struct link *link, struct str frame);
/* False: nothing there. The frame is borrowed until the next call on link. */
bool link_receive(struct link *link, struct str *out_frame);

/* A new pair for keys; each 40 characters and a NUL. Errors: ERR_CONFIG (a libzmq without CURVE).
 */
enum err link_make_keys(char *out_public_key, char *out_secret_key) ERR_MUST_CHECK;

#endif
