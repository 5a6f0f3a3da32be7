/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_SERVER_H
#define CLI_DASHBOARD_SERVER_H

/* The HTTP server: libmicrohttpd with a thread for each connection, so that an answer may take its
 * time and an open page may wait for news. */

#include "cli/dashboard/route.h"
#include "schema/wire/err.h"

struct server;

/* host: a numeric address. port 0: any. site: borrowed. Errors: ERR_ADDRESS. */
enum err server_start(const char *host, int port, const struct site *site, struct server **out,
                      struct why *why) ERR_MUST_CHECK;
int server_port(const struct server *server);
/* After hub_stop(): all open pages end. */
void server_stop(struct server *server);

/* Whether nobody from outside can reach this address. */
bool server_is_loopback(const char *host);

#endif
