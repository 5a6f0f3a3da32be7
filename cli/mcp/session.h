/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_SESSION_H
#define CLI_MCP_SESSION_H

/* The Model Context Protocol with one client: a message a line, requests on one descriptor and
 * answers on a stream. One thread: a call that runs holds up what follows it, a call that waits
 * does not: it is set aside and looked at again when the database tells of something, each second,
 * and when its time is over. */

#include <stdbool.h>
#include <stdio.h>

struct session_options {
    const char *dsn; /* NULL: dsn_resolve() decides */
    bool writes;     /* the tools that change something may be used */
};

/* Serves until the input ends; then calls that still wait are dropped. False: the answers could not
 * be written. */
bool session_run(int input, FILE *output, const struct session_options *options);

#endif
