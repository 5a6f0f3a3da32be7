/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_VISIT_H
#define CLI_DASHBOARD_VISIT_H

/* What the parts of the dashboard's server tell each other: a request as it came, and the answer
 * that it gets. server.c is the one that knows libmicrohttpd. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/dashboard/params.h"

struct visit {
    const char *method;
    const char *path;
    struct params params;
    /* headers; NULL: absent */
    const char *host;
    const char *origin;
    const char *cookie;
    const char *authorization;
    const char *own_header; /* X-Tocsin */
    const char *none_match;
    const char *last_event;
    bool gzip; /* the client takes it */
    const char *body;
    size_t body_len;
};

struct subscription;

struct reply {
    unsigned int status;
    const char *type;
    char *body; /* owned; NULL: fixed */
    size_t len;
    const unsigned char *fixed; /* borrowed for ever */
    size_t fixed_len;
    bool is_gzip;                /* the bytes already are */
    const char *etag;            /* NULL: not to be kept */
    char *cookie;                /* owned; NULL: none is set */
    char *location;              /* owned; NULL: none */
    struct subscription *events; /* taken over: an answer that goes on; NULL: the bytes are all */
};

#define REPLY_JSON "application/json"

/* A document that was written into memory; takes body. */
void reply_json(struct reply *reply, unsigned int status, char *body, size_t len);
/* {"error": ...} of this status, 4xx or 5xx, with a code that belongs to it. hint: NULL for none.
 */
void reply_error(struct reply *reply, unsigned int status, const char *message, const char *hint);
/* Frees what is left in it. */
void reply_fini(struct reply *reply);

#endif
