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

struct link;

struct link *link_new(void); /* NULL: out of memory */
void link_free(struct link *link);

/* Opens a socket towards endpoint. ERR_IO: no descriptor or no memory for it. */
enum err link_open(struct link *link, const char *endpoint, struct why *why) ERR_MUST_CHECK;
void link_close(struct link *link); /* fine if it is closed */
bool link_is_open(const struct link *link);

enum link_change { LINK_SAME, LINK_UP, LINK_LOST };

/* Waits until something arrives, wake_fd is readable, or timeout_ms has passed. Tells the last
 * change of the connection; after LINK_LOST out_reason (borrowed, static) says why. */
enum link_change link_wait(struct link *link, int wake_fd, int timeout_ms, const char **out_reason);

/* False: the connection takes nothing now. True promises nothing about arrival. */
bool link_send(struct link *link, struct str frame);
/* False: nothing there. The frame is borrowed until the next call on link. */
bool link_receive(struct link *link, struct str *out_frame);

#endif
