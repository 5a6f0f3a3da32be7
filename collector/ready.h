/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_READY_H
#define COLLECTOR_READY_H

/* Tells whoever started us (systemd, `tocsin up`) through $NOTIFY_SOCKET, as sd_notify(3) does: a
 * datagram of one line. Does nothing without the variable. Main thread only. */

void ready_notify(const char *state); /* "READY=1", "STOPPING=1" */

#endif
