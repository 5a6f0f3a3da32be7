/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/link.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "schema/wire/wire.h"

/* Every option and its reason. */
static const struct {
    int option;
    int value;
} options[] = {
    {ZMQ_LINGER, 0},    /* close never waits: what matters is acknowledged or still in the ring */
    {ZMQ_IMMEDIATE, 1}, /* nothing is queued for a connection that does not exist */
    {ZMQ_RCVHWM, 0},    /* a finite one with heartbeats aborts the process (libzmq #3937, #4830) */
    {ZMQ_SNDHWM, 2 * WIRE_WINDOW_BATCHES}, /* the window and a hello always fit */
    {ZMQ_RECONNECT_IVL_MAX, 10000},
    {ZMQ_HEARTBEAT_IVL, 2000},
    {ZMQ_HEARTBEAT_TIMEOUT, 6000},
    {ZMQ_HEARTBEAT_TTL, 6000},
    {ZMQ_HANDSHAKE_IVL, 5000},
};
#define RECONNECT_MIN_MS  100
#define RECONNECT_SPAN_MS 400

#define MONITOR_EVENTS                                                                             \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |                                      \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static const struct {
    uint16_t event;
    enum link_change change;
    const char *reason;
} changes[] = {
    {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, LINK_UP, NULL},
    {ZMQ_EVENT_DISCONNECTED, LINK_LOST, "the connection was closed"},
    {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, LINK_LOST, "the handshake failed"},
    {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, LINK_LOST, "the other end does not speak our protocol"},
    {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, LINK_LOST, "the collector refused the key"},
};

struct link {
    void *context;
    void *socket; /* NULL: closed */
    void *monitor;
    zmq_msg_t received;
    unsigned seed;
};

struct link *link_new(void) {
    struct link *link = calloc(1, sizeof *link);
    if (link != NULL) {
        zmq_msg_init(&link->received);
        link->seed = (unsigned)(uintptr_t)link ^ (unsigned)clock();
    }
    return link;
}

void link_free(struct link *link) {
    if (link != NULL) {
        link_close(link);
        zmq_msg_close(&link->received);
        free(link);
    }
}

bool link_is_open(const struct link *link) {
    return link->socket != NULL;
}

/* The context goes with the socket: a monitor endpoint and a descriptor less to keep in mind, and
 * after a loss nothing of the old connection is left. */
void link_close(struct link *link) {
    if (link->monitor != NULL) {
        zmq_close(link->monitor);
    }
    if (link->socket != NULL) {
        zmq_close(link->socket);
    }
    if (link->context != NULL) {
        zmq_ctx_term(link->context);
    }
    link->monitor = link->socket = link->context = NULL;
}

static bool set_options(struct link *link) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (zmq_setsockopt(link->socket, options[i].option, &options[i].value,
                           sizeof options[i].value) != 0) {
            return false;
        }
    }
    const int64_t frame_bytes = WIRE_FRAME_BYTES_MAX;
    if (zmq_setsockopt(link->socket, ZMQ_MAXMSGSIZE, &frame_bytes, sizeof frame_bytes) != 0) {
        return false;
    }
    /* Each its own: a thousand ranks must not return in the same tenth of a second. */
    const int reconnect_ms = RECONNECT_MIN_MS + rand_r(&link->seed) % RECONNECT_SPAN_MS;
    return zmq_setsockopt(link->socket, ZMQ_RECONNECT_IVL, &reconnect_ms, sizeof reconnect_ms) == 0;
}

static bool watch(struct link *link) {
    static const char address[] = "inproc://monitor";
    const int linger = 0;
    if (zmq_socket_monitor(link->socket, address, MONITOR_EVENTS) != 0) {
        return false;
    }
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    return link->monitor != NULL &&
           zmq_setsockopt(link->monitor, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_connect(link->monitor, address) == 0;
}

enum err link_open(struct link *link, const char *endpoint, struct why *why) {
    link->context = zmq_ctx_new();
    if (link->context != NULL) {
        link->socket = zmq_socket(link->context, ZMQ_DEALER);
    }
    if (link->socket == NULL || !set_options(link) || !watch(link) ||
        zmq_connect(link->socket, endpoint) != 0) {
        enum err err = why_set(why, ERR_IO, "cannot open a socket for %s: %s", endpoint,
                               zmq_strerror(zmq_errno()));
        link_close(link);
        return err;
    }
    return ERR_OK;
}

/* The first part of a monitor message is the event's number and value, the second an address. */
static bool next_event(struct link *link, uint16_t *out_event) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    const bool any = zmq_msg_recv(&part, link->monitor, ZMQ_DONTWAIT) >= (int)sizeof *out_event;
    if (any) {
        memcpy(out_event, zmq_msg_data(&part), sizeof *out_event);
        zmq_msg_recv(&part, link->monitor, ZMQ_DONTWAIT);
    }
    zmq_msg_close(&part);
    return any;
}

static enum link_change read_changes(struct link *link, const char **out_reason) {
    enum link_change change = LINK_SAME;
    uint16_t event;
    while (change != LINK_LOST && next_event(link, &event)) {
        for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
            if (changes[i].event == event) {
                change = changes[i].change;
                *out_reason = changes[i].reason;
            }
        }
    }
    return change;
}

enum link_change link_wait(struct link *link, int wake_fd, int timeout_ms,
                           const char **out_reason) {
    zmq_pollitem_t items[] = {
        {.fd = wake_fd, .events = ZMQ_POLLIN},
        {.socket = link->socket, .events = ZMQ_POLLIN},
        {.socket = link->monitor, .events = ZMQ_POLLIN},
    };
    const int n = link_is_open(link) ? 3 : 1;
    if (zmq_poll(items, n, timeout_ms) <= 0 || n == 1) {
        return LINK_SAME;
    }
    return (items[2].revents & ZMQ_POLLIN) != 0 ? read_changes(link, out_reason) : LINK_SAME;
}

bool link_send(struct link *link, struct str frame) {
    return zmq_send(link->socket, frame.ptr, frame.len, ZMQ_DONTWAIT) >= 0;
}

bool link_receive(struct link *link, struct str *out_frame) {
    zmq_msg_close(&link->received);
    zmq_msg_init(&link->received);
    if (!link_is_open(link) || zmq_msg_recv(&link->received, link->socket, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    *out_frame =
        (struct str){.ptr = zmq_msg_data(&link->received), .len = zmq_msg_size(&link->received)};
    return true;
}
