/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/link.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
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
#define FORK_PAUSE_NS     500000
#define FORK_PAUSES       40

#define MONITOR_EVENTS                                                                             \
    (ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED |                 \
     ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |                                      \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static const struct {
    uint16_t event;
    enum link_change change;
    enum link_trouble trouble;
} changes[] = {
    {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, LINK_UP, LINK_CLOSED},
    {ZMQ_EVENT_DISCONNECTED, LINK_LOST, LINK_CLOSED},
    {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, LINK_LOST, LINK_BROKEN_OFF},
    {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, LINK_LOST, LINK_PROTOCOL},
    {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, LINK_LOST, LINK_KEY_REFUSED},
};

struct event {
    uint16_t number;
    uint32_t value;
};

struct link {
    void *context;
    void *socket; /* NULL: closed */
    void *monitor;
    int socket_fd; /* libzmq's, to wait for */
    int monitor_fd;
    bool used;  /* since it was last waited for: a descriptor may have told all it had to tell */
    bool ready; /* there may be something to receive */
    zmq_msg_t received;
    unsigned seed;
    bool keyed; /* keys is set */
    struct link_keys keys;
    bool named;   /* the endpoint names a host, it gives no number */
    bool reached; /* there was an address to connect to */
};

struct link *link_new(const struct link_keys *keys) {
    struct link *link = calloc(1, sizeof *link);
    if (link != NULL) {
        zmq_msg_init(&link->received);
        link->seed = (unsigned)(uintptr_t)link ^ (unsigned)clock();
        link->keys = keys != NULL ? *keys : (struct link_keys){.server = ""};
        link->keyed = link->keys.server[0] != '\0';
    }
    return link;
}

void link_free(struct link *link) {
    if (link != NULL) {
        link_close(link);
        zmq_msg_close(&link->received);
        explicit_bzero(&link->keys, sizeof link->keys);
        free(link);
    }
}

static bool is_open(const struct link *link) {
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
    link->ready = false;
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

static bool is_tcp(const char *endpoint) {
    return strncmp(endpoint, "tcp://", strlen("tcp://")) == 0;
}

const struct link_keys *link_keys_for(const struct link *link, const char *endpoint) {
    return link->keyed && is_tcp(endpoint) ? &link->keys : NULL;
}

static bool is_named(const char *endpoint) {
    char host[64];
    struct in_addr v4;
    const char *from = endpoint + strlen("tcp://");
    const char *colon = is_tcp(endpoint) ? strrchr(from, ':') : NULL;
    if (colon == NULL || from[0] == '[') {
        return false;
    }
    if ((size_t)(colon - from) >= sizeof host) {
        return true;
    }
    memcpy(host, from, (size_t)(colon - from));
    host[colon - from] = '\0';
    return inet_pton(AF_INET, host, &v4) != 1;
}

static bool set_keys(const struct link *link, const struct link_keys *keys) {
    return zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, keys->server, sizeof keys->server) ==
               0 &&
           zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, keys->own.public_key,
                          sizeof keys->own.public_key) == 0 &&
           zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, keys->own.secret_key,
                          sizeof keys->own.secret_key) == 0;
}

/* What depends on the endpoint. IPv6 only where it is asked for: where the kernel has none, the
 * option alone breaks names. */
static bool set_endpoint(struct link *link, const char *endpoint) {
    const struct link_keys *keys = link_keys_for(link, endpoint);
    const int v6 = strchr(endpoint, '[') != NULL;
    link->named = is_named(endpoint);
    link->reached = false;
    return zmq_setsockopt(link->socket, ZMQ_IPV6, &v6, sizeof v6) == 0 &&
           (keys == NULL || set_keys(link, keys));
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

/* libzmq makes a context under a lock of its own. A child forked at that moment could never make
 * one: so fork() waits for it, but not for long. */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static __thread bool is_held; /* by this thread, which forks */

void link_before_fork(void) {
    const struct timespec pause = {.tv_nsec = FORK_PAUSE_NS};
    is_held = pthread_mutex_trylock(&making) == 0;
    for (int i = 0; !is_held && i < FORK_PAUSES; i++) {
        nanosleep(&pause, NULL);
        is_held = pthread_mutex_trylock(&making) == 0;
    }
}

void link_after_fork(void) {
    if (is_held) {
        pthread_mutex_unlock(&making);
        is_held = false;
    }
}

/* What another thread holds, nobody in the child will give back. */
void link_after_fork_in_child(void) {
    if (!is_held) {
        pthread_mutex_init(&making, NULL);
    }
    link_after_fork();
}

static void *make_context(void) {
    pthread_mutex_lock(&making);
    void *context = zmq_ctx_new();
    pthread_mutex_unlock(&making);
    return context;
}

static bool take_descriptors(struct link *link) {
    size_t socket_size = sizeof link->socket_fd;
    size_t monitor_size = sizeof link->monitor_fd;
    link->used = true;
    return zmq_getsockopt(link->socket, ZMQ_FD, &link->socket_fd, &socket_size) == 0 &&
           zmq_getsockopt(link->monitor, ZMQ_FD, &link->monitor_fd, &monitor_size) == 0;
}

enum err link_open(struct link *link, const char *endpoint, struct why *why) {
    link->context = make_context();
    if (link->context != NULL) {
        link->socket = zmq_socket(link->context, ZMQ_DEALER);
    }
    if (link->socket == NULL || !set_options(link) || !set_endpoint(link, endpoint) ||
        !watch(link) || !take_descriptors(link) || zmq_connect(link->socket, endpoint) != 0) {
        enum err err = why_set(why, ERR_IO, "cannot open a socket for %s: %s", endpoint,
                               zmq_strerror(zmq_errno()));
        link_close(link);
        return err;
    }
    return ERR_OK;
}

/* The first part of a monitor message is the event's number and value, the second an address. */
static bool next_event(struct link *link, struct event *out) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    const int least = (int)(sizeof out->number + sizeof out->value);
    const bool any = zmq_msg_recv(&part, link->monitor, ZMQ_DONTWAIT) >= least;
    if (any) {
        const char *bytes = zmq_msg_data(&part);
        memcpy(&out->number, bytes, sizeof out->number);
        memcpy(&out->value, bytes + sizeof out->number, sizeof out->value);
        zmq_msg_recv(&part, link->monitor, ZMQ_DONTWAIT);
    }
    zmq_msg_close(&part);
    return any;
}

/* libzmq tries for ever to look up a host that does not exist, and says so only by trying again
 * without ever having had an address. */
static bool is_unknown_host(struct link *link, const struct event *event) {
    if (event->number == ZMQ_EVENT_CONNECT_DELAYED || event->number == ZMQ_EVENT_CONNECTED) {
        link->reached = true;
    }
    return event->number == ZMQ_EVENT_CONNECT_RETRIED && link->named && !link->reached;
}

static enum link_change change_of(struct link *link, const struct event *event,
                                  enum link_trouble *out_trouble) {
    if (is_unknown_host(link, event)) {
        *out_trouble = LINK_UNKNOWN_HOST;
        return LINK_LOST;
    }
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (changes[i].event == event->number) {
            *out_trouble = event->number == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL &&
                                   event->value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
                               ? LINK_MECHANISM
                               : changes[i].trouble;
            return changes[i].change;
        }
    }
    return LINK_SAME;
}

static enum link_change read_changes(struct link *link, enum link_trouble *out_trouble) {
    enum link_change change = LINK_SAME;
    struct event event;
    while (change != LINK_LOST && next_event(link, &event)) {
        const enum link_change next = change_of(link, &event, out_trouble);
        change = next != LINK_SAME ? next : change;
    }
    return change;
}

static bool has_input(void *socket) {
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

/* A descriptor of libzmq is readable from the first news on until its socket was read empty; but a
 * send may take the news in and leave them unread, so whoever sent asks the socket itself before it
 * waits. zmq_poll() asks always: a dozen system calls, fifty times a second. */
enum link_change link_wait(struct link *link, int wake_fd, int timeout_ms,
                           enum link_trouble *out_trouble) {
    struct pollfd items[] = {
        {.fd = wake_fd, .events = POLLIN},
        {.fd = link->socket_fd, .events = POLLIN},
        {.fd = link->monitor_fd, .events = POLLIN},
    };
    const bool ask = is_open(link) && link->used;
    const bool input = ask && has_input(link->socket);
    const bool event = ask && has_input(link->monitor);
    const int n = poll(items, is_open(link) ? 3 : 1, input || event ? 0 : timeout_ms);
    link->used = false;
    link->ready = input || (n > 0 && items[1].revents != 0);
    return event || (n > 0 && items[2].revents != 0) ? read_changes(link, out_trouble) : LINK_SAME;
}

bool link_send(struct link *link, struct str frame) {
    link->used = true;
    return zmq_send(link->socket, frame.ptr, frame.len, ZMQ_DONTWAIT) >= 0;
}

bool link_receive(struct link *link, struct str *out_frame) {
    zmq_msg_close(&link->received);
    zmq_msg_init(&link->received);
    link->ready = link->ready && zmq_msg_recv(&link->received, link->socket, ZMQ_DONTWAIT) >= 0;
    if (link->ready) {
        *out_frame = (struct str){.ptr = zmq_msg_data(&link->received),
                                  .len = zmq_msg_size(&link->received)};
    }
    return link->ready;
}

enum err link_make_keys(char *out_public_key, char *out_secret_key) {
    return zmq_curve_keypair(out_public_key, out_secret_key) == 0 ? ERR_OK : ERR_CONFIG;
}
