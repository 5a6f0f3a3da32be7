/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/dashboard/changes.h"
#include "cli/dashboard/events.h"
#include "cli/dashboard/gzip.h"

#define CONNECTIONS_MAX  768U                 /* a process may have 1,024 files */
#define PER_ADDRESS_MAX  384U                 /* a browser keeps six: colleagues behind one proxy */
#define CONNECTION_BYTES ((size_t)256 * 1024) /* an address names up to a thousand runs */
#define IDLE_S           120U
#define READ_BYTES       ((size_t)16 * 1024)
#define GZIP_BYTES_MIN   1024

struct server {
    struct MHD_Daemon *daemon;
    const struct site *site;
};

/* A request on its way: its body comes piece by piece. */
struct arrival {
    char *body;
    size_t len;
    bool too_long;
};

/* Headers of every answer: the page loads nothing from elsewhere, and nobody frames it. */
static const char *const headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Vary", "Accept-Encoding"},
};

static ssize_t read_events(void *context, uint64_t position, char *out, size_t max) {
    (void)position;
    const size_t n = events_read(context, out, max);
    return n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)n;
}

static void free_events(void *context) {
    events_free(context);
}

/* Packs a body that is worth it. */
static void pack(const struct visit *visit, struct reply *reply) {
    char *packed;
    size_t len;
    if (!visit->gzip || reply->body == NULL || reply->len < GZIP_BYTES_MIN ||
        !gzip_pack(reply->body, reply->len, &packed, &len)) {
        return;
    }
    free(reply->body);
    reply->body = packed;
    reply->len = len;
    reply->is_gzip = true;
}

static struct MHD_Response *response_of(struct reply *reply) {
    if (reply->events != NULL) {
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, READ_BYTES, read_events,
                                                 reply->events, free_events);
    }
    if (reply->body == NULL) {
        /* Never written to. */
        union {
            const unsigned char *bytes;
            void *pointer;
        } same = {.bytes = reply->fixed};
        return MHD_create_response_from_buffer(reply->fixed_len, same.pointer,
                                               MHD_RESPMEM_PERSISTENT);
    }
    char *body = reply->body;
    reply->body = NULL;
    return MHD_create_response_from_buffer(reply->len, body, MHD_RESPMEM_MUST_FREE);
}

static bool add_headers(struct MHD_Response *response, const struct reply *reply) {
    const char *own[][2] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, reply->type},
        {MHD_HTTP_HEADER_CONTENT_ENCODING, reply->is_gzip ? "gzip" : NULL},
        {MHD_HTTP_HEADER_ETAG, reply->etag},
        {MHD_HTTP_HEADER_CACHE_CONTROL, reply->etag != NULL ? "no-cache" : "no-store"},
        {MHD_HTTP_HEADER_SET_COOKIE, reply->cookie},
        {MHD_HTTP_HEADER_LOCATION, reply->location},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        good = good && MHD_add_response_header(response, headers[i][0], headers[i][1]) == MHD_YES;
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        good = good && (own[i][1] == NULL ||
                        MHD_add_response_header(response, own[i][0], own[i][1]) == MHD_YES);
    }
    return good;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct visit *visit,
                                  struct reply *reply) {
    pack(visit, reply);
    struct MHD_Response *response = response_of(reply);
    if (response == NULL) {
        return MHD_NO;
    }
    const enum MHD_Result result = add_headers(response, reply)
                                       ? MHD_queue_response(connection, reply->status, response)
                                       : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result take_param(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_bytes, const char *value, size_t value_bytes) {
    (void)kind;
    params_add(context, name, name_bytes, value, value_bytes);
    return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void visit_site(const struct site *site, struct MHD_Connection *connection,
                       struct visit *visit, const struct arrival *arrival, struct reply *reply) {
    const char *encodings = header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_param, &visit->params);
    visit->host = header(connection, MHD_HTTP_HEADER_HOST);
    visit->origin = header(connection, "Origin");
    visit->cookie = header(connection, MHD_HTTP_HEADER_COOKIE);
    visit->authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    visit->own_header = header(connection, "X-Tocsin");
    visit->none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
    visit->last_event = header(connection, "Last-Event-ID");
    visit->gzip = encodings != NULL && strstr(encodings, "gzip") != NULL;
    visit->body = arrival->body;
    visit->body_len = arrival->len;
    if (arrival->too_long) {
        reply_error(reply, 413, "The body is too long.", NULL);
    } else {
        route_visit(site, visit, reply);
    }
}

static void take_body(struct arrival *arrival, const char *bytes, size_t len) {
    if (len > CHANGES_BODY_BYTES_MAX - arrival->len) {
        arrival->too_long = true;
        return;
    }
    char *body = realloc(arrival->body, arrival->len + len);
    if (body == NULL) {
        abort();
    }
    memcpy(body + arrival->len, bytes, len);
    arrival->body = body;
    arrival->len += len;
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd asks for eight parameters */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **state) {
    const struct server *server = context;
    struct arrival *arrival = *state;
    (void)version;
    if (arrival == NULL) { /* the headers are here; the body is yet to come */
        *state = calloc(1, sizeof *arrival);
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*upload_bytes > 0) {
        take_body(arrival, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    struct visit *visit = calloc(1, sizeof *visit);
    if (visit == NULL) {
        return MHD_NO;
    }
    struct reply reply = {.status = 0};
    visit->method = method;
    visit->path = url;
    visit_site(server->site, connection, visit, arrival, &reply);
    const enum MHD_Result result = send_reply(connection, visit, &reply);
    reply_fini(&reply);
    free(visit);
    return result;
}

static void forget_arrival(void *context, struct MHD_Connection *connection, void **state,
                           enum MHD_RequestTerminationCode code) {
    struct arrival *arrival = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (arrival != NULL) {
        free(arrival->body);
        free(arrival);
        *state = NULL;
    }
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *host, int port, union address *out) {
    *out = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)}};
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        return true;
    }
    *out = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
    return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

bool server_is_loopback(const char *host) {
    union address address;
    if (!parse_address(host, 0, &address)) {
        return false;
    }
    return address.any.sa_family == AF_INET ? (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127
                                            : IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr) != 0;
}

enum err server_start(const char *host, int port, const struct site *site, struct server **out,
                      struct why *why) {
    union address address;
    if (!parse_address(host, port, &address)) {
        return why_set(why, ERR_ADDRESS,
                       "--host is a numeric address such as 127.0.0.1 or ::, not "
                       "'%.100s'",
                       host);
    }
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        abort();
    }
    const unsigned int v6 = address.any.sa_family == AF_INET6 ? MHD_USE_DUAL_STACK : 0;
    server->site = site;
    server->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | v6,
        (uint16_t)port, NULL, NULL, answer, server, MHD_OPTION_SOCK_ADDR, &address.any,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_NOTIFY_COMPLETED, forget_arrival, NULL,
        MHD_OPTION_END);
    if (server->daemon == NULL) {
        free(server);
        return why_set(why, ERR_ADDRESS,
                       "cannot listen on %.100s port %d: %s; is it taken? Give "
                       "another --port",
                       host, port, strerror(errno));
    }
    *out = server;
    return ERR_OK;
}

int server_port(const struct server *server) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info != NULL ? info->port : 0;
}

void server_stop(struct server *server) {
    if (server != NULL) {
        MHD_stop_daemon(server->daemon);
        free(server);
    }
}
