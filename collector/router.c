/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "collector/endpoint.h"
#include "collector/zap.h"
#include "schema/wire/wire.h"

/* Both are in every libzmq from 4.3.0 on; the header of a release calls them drafts. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
#define USER_ID "User-Id"

#define ADDRESSES_MAX        8
#define ADDRESSES_BYTES_MAX  2048
#define KEEPALIVE_IDLE_S     10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES     3

struct router {
    void *zmq;
    void *socket;
    struct zap *zap; /* NULL: without keys */
    zmq_msg_t frame; /* the latest message's second part */
    struct endpoint *endpoints[ADDRESSES_MAX];
    size_t endpoints_n;
    char addresses[ADDRESSES_BYTES_MAX];
};

static enum err set_options(struct router *router, const struct settings *settings,
                            struct why *why) {
    const struct {
        int option;
        int64_t value;
    } options[] = {
        {ZMQ_ROUTER_MANDATORY, 1}, /* tell us that a peer is gone instead of dropping in silence */
        {ZMQ_LINGER, 0},
        {ZMQ_RCVHWM, settings->receive_hwm},
        {ZMQ_SNDHWM, settings->send_hwm},
        {ZMQ_BACKLOG, settings->backlog},
        {ZMQ_HANDSHAKE_IVL, settings->handshake_ms},
        /* No heartbeats of our own: beside a finite RCVHWM they abort the process, when a peer
         * leaves while its pipe is full (libzmq 4.3.4, out_event). Those of the emitters carry a
         * time to live, and the kernel finds hosts that are gone. */
        {ZMQ_HEARTBEAT_IVL, 0},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_PROBES},
    };
    const int64_t frame_bytes = WIRE_FRAME_BYTES_MAX;
    int rc = zmq_setsockopt(router->socket, ZMQ_MAXMSGSIZE, &frame_bytes, sizeof frame_bytes);
    for (size_t i = 0; i < sizeof options / sizeof options[0] && rc == 0; i++) {
        const int value = (int)options[i].value;
        rc = zmq_setsockopt(router->socket, options[i].option, &value, sizeof value);
    }
    return rc == 0 ? ERR_OK
                   : why_set(why, ERR_CONFIG, "ZeroMQ refuses a setting: %s",
                             zmq_strerror(zmq_errno()));
}

static enum err bind_failed(const char *address, int code, struct why *why) {
    if (code == EADDRINUSE) {
        return why_set(why, ERR_ADDRESS,
                       "the port of %s is in use; stop what uses it, or choose another with "
                       "--listen",
                       address);
    }
    return why_set(why, ERR_ADDRESS, "cannot listen on %s: %s", address, zmq_strerror(code));
}

/* Adds the address as bound: with the real port where the kernel chose it. */
static enum err note_address(struct router *router, struct why *why) {
    char bound[256];
    size_t size = sizeof bound;
    if (zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, bound, &size) != 0) {
        return why_set(why, ERR_IO, "ZeroMQ does not tell its address");
    }
    const size_t used = strlen(router->addresses);
    snprintf(router->addresses + used, sizeof router->addresses - used, "%s%s", used ? "," : "",
             bound);
    return ERR_OK;
}

/* libzmq keeps for every address the options that were set when it was bound. */
static bool set_guard(struct router *router, const char *address, const struct keyfile_pair *pair) {
    const bool ipc = endpoint_is_ipc(address);
    const char *domain = ipc ? ZAP_LOCAL : ZAP_KEYS;
    const int curve = !ipc;
    const int enforce = 1;
    return zmq_setsockopt(router->socket, ZMQ_CURVE_SERVER, &curve, sizeof curve) == 0 &&
           (ipc || zmq_setsockopt(router->socket, ZMQ_CURVE_SECRETKEY, pair->secret_key,
                                  sizeof pair->secret_key) == 0) &&
           zmq_setsockopt(router->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 &&
           zmq_setsockopt(router->socket, ZMQ_ZAP_ENFORCE_DOMAIN, &enforce, sizeof enforce) == 0;
}

/* IPv6 only where it is asked for: where the kernel has none, the option alone breaks IPv4. */
static bool set_family(struct router *router, const char *address) {
    const int v6 = strchr(address, '[') != NULL;
    return zmq_setsockopt(router->socket, ZMQ_IPV6, &v6, sizeof v6) == 0;
}

static enum err listen_on(struct router *router, const char *address,
                          const struct keyfile_pair *pair, struct why *why) {
    if (router->endpoints_n == ADDRESSES_MAX) {
        return why_set(why, ERR_CONFIG, "listen has more than %d addresses", ADDRESSES_MAX);
    }
    enum err err =
        endpoint_open(address, router->zap != NULL, &router->endpoints[router->endpoints_n], why);
    if (err != ERR_OK) {
        return err;
    }
    router->endpoints_n++;
    if (!set_family(router, address) || (router->zap && !set_guard(router, address, pair))) {
        return why_set(why, ERR_CONFIG,
                       "the installed libzmq cannot use keys (%s); install one "
                       "with CURVE",
                       zmq_strerror(zmq_errno()));
    }
    if (zmq_bind(router->socket, address) != 0) {
        return bind_failed(address, zmq_errno(), why);
    }
    return note_address(router, why);
}

static enum err listen_on_all(struct router *router, const char *list,
                              const struct keyfile_pair *pair, struct why *why) {
    char *copy = strdup(list);
    if (!copy) {
        abort();
    }
    enum err err = ERR_OK;
    char *rest = copy;
    for (char *address = strsep(&rest, ","); address && err == ERR_OK;
         address = strsep(&rest, ",")) {
        err = listen_on(router, address, pair, why);
    }
    free(copy);
    return err;
}

/* The zap thread first: a handshake that finds none would be refused. */
static enum err listen_with_keys(struct router *router, const struct settings *settings,
                                 struct allowlist *list, struct why *why) {
    struct keyfile_pair pair;
    enum err err = keyfile_read(settings->server_key, &pair, why);
    if (err != ERR_OK) {
        return err;
    }
    err = zap_start(router->zmq, list, &router->zap, why);
    if (err == ERR_OK) {
        err = listen_on_all(router, settings->listen, &pair, why);
    }
    keyfile_wipe(&pair);
    return err;
}

enum err router_open(const struct settings *settings, struct allowlist *list, struct router **out,
                     struct why *why) {
    struct router *router = calloc(1, sizeof *router);
    if (!router) {
        abort();
    }
    zmq_msg_init(&router->frame);
    router->zmq = zmq_ctx_new();
    if (router->zmq) {
        zmq_ctx_set(router->zmq, ZMQ_IO_THREADS, (int)settings->io_threads);
        router->socket = zmq_socket(router->zmq, ZMQ_ROUTER);
    }
    enum err err =
        router->socket
            ? ERR_OK
            : why_set(why, ERR_IO, "cannot open a socket: %s; raise the limit of open files",
                      strerror(errno));
    if (err == ERR_OK) {
        err = set_options(router, settings, why);
    }
    if (err == ERR_OK) {
        err = settings->server_key[0] ? listen_with_keys(router, settings, list, why)
                                      : listen_on_all(router, settings->listen, NULL, why);
    }
    if (err != ERR_OK) {
        router_close(router, 0);
        return err;
    }
    *out = router;
    return ERR_OK;
}

void router_close(struct router *router, int linger_ms) {
    if (!router) {
        return;
    }
    zmq_msg_close(&router->frame);
    if (router->socket) {
        zmq_setsockopt(router->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        zmq_close(router->socket);
    }
    zap_stop(router->zap);
    if (router->zmq) {
        zmq_ctx_term(router->zmq); /* waits for the socket's linger at most */
    }
    for (size_t i = 0; i < router->endpoints_n; i++) {
        endpoint_close(router->endpoints[i]);
    }
    free(router);
}

const char *router_addresses(const struct router *router) {
    return router->addresses;
}

void router_wait(struct router *router, int wake_fd, bool reading) {
    zmq_pollitem_t items[] = {
        {.fd = wake_fd, .events = ZMQ_POLLIN},
        {.socket = router->socket, .events = ZMQ_POLLIN},
    };
    zmq_poll(items, reading ? 2 : 1, -1); /* interrupted: the caller looks at everything anyway */
}

static bool receive_part(struct router *router, zmq_msg_t *part) {
    return zmq_msg_recv(part, router->socket, ZMQ_DONTWAIT) >= 0;
}

/* Reads the parts behind the second and throws them away. They are all here: ZeroMQ delivers a
 * message whole or not at all. */
static bool drain_parts(struct router *router) {
    bool more = zmq_msg_more(&router->frame);
    const bool any = more;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        more = receive_part(router, &part) && zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    return any;
}

static struct peer peer_of(zmq_msg_t *id) {
    struct peer peer = {.len = 0};
    if (zmq_msg_size(id) <= sizeof peer.bytes) {
        peer.len = (uint8_t)zmq_msg_size(id);
        memcpy(peer.bytes, zmq_msg_data(id), peer.len);
    }
    return peer;
}

/* What zap said at the handshake. Without zap a peer could name itself, so nobody is asked. */
static uint64_t key_of(const struct router *router) {
    const char *user = router->zap ? zmq_msg_gets(&router->frame, USER_ID) : NULL;
    return user ? strtoull(user, NULL, 10) : 0;
}

bool router_receive(struct router *router, struct router_message *out) {
    zmq_msg_t id;
    zmq_msg_init(&id);
    const bool got =
        receive_part(router, &id) && zmq_msg_more(&id) && receive_part(router, &router->frame);
    if (got) {
        out->peer = peer_of(&id);
        out->key_id = key_of(router);
        out->multipart = drain_parts(router);
        out->bytes = zmq_msg_data(&router->frame);
        out->len = zmq_msg_size(&router->frame);
    }
    zmq_msg_close(&id);
    return got;
}

bool router_send(struct router *router, const struct peer *peer, const void *bytes, size_t len) {
    return zmq_send(router->socket, peer->bytes, peer->len, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
           zmq_send(router->socket, bytes, len, ZMQ_DONTWAIT) >= 0;
}
