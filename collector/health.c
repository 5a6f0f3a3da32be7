/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/health.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/counters.h"
#include "collector/endpoint.h"
#include "schema/wire/buf.h"
#include "schema/wire/clock.h"

#define ADDRESS_BYTES_MAX 80
#define PAGE_BYTES_MAX    (256 * 1024)
#define CONNECTIONS_MAX   32U
#define IDLE_S            10U
#define STALLED_NS        (30 * CLOCK_NS_PER_S) /* received data that does not move for so long */

struct health {
    struct MHD_Daemon *daemon;
    const struct dbconn *conn;
    char address[ADDRESS_BYTES_MAX];
    int64_t started_ns;
};

/* Pages. */

struct page {
    unsigned int status;
    const char *type;
    struct buf body;
};

static void write_metrics(const struct health *health, struct page *page) {
    (void)health;
    page->type = "text/plain; version=0.0.4; charset=utf-8";
    page->status =
        counters_print(&page->body) == ERR_OK ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static bool is_stalled(const struct health *health) {
    const int64_t worked_ns = dbconn_worked_ns(health->conn);
    const int64_t since_ns = worked_ns > health->started_ns ? worked_ns : health->started_ns;
    return counters_get(COUNTER_queue_messages) > 0 && clock_mono_ns() - since_ns > STALLED_NS;
}

static void write_healthz(const struct health *health, struct page *page) {
    const char *reason = NULL;
    if (!dbconn_is_up(health->conn)) {
        reason = "database_unreachable";
    } else if (is_stalled(health)) {
        reason = "writer_stalled";
    }
    char text[128];
    const int len = reason ? snprintf(text, sizeof text,
                                      "{\"status\":\"unavailable\",\"reason\":\"%s\"}\n", reason)
                           : snprintf(text, sizeof text, "{\"status\":\"ok\"}\n");
    page->type = "application/json";
    page->status = reason ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
    if (buf_append(&page->body, text, (size_t)len) != ERR_OK) {
        page->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

static void write_not_found(const struct health *health, struct page *page) {
    (void)health;
    static const char text[] = "There are /metrics and /healthz.\n";
    page->type = "text/plain";
    page->status = buf_append(&page->body, text, sizeof text - 1) == ERR_OK
                       ? MHD_HTTP_NOT_FOUND
                       : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

typedef void write_fn(const struct health *health, struct page *page);

static write_fn *writer_of(const char *url) {
    static const struct {
        const char *url;
        write_fn *write;
    } pages[] = {{"/metrics", write_metrics}, {"/healthz", write_healthz}};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(url, pages[i].url) == 0) {
            return pages[i].write;
        }
    }
    return write_not_found;
}

static enum MHD_Result respond(struct MHD_Connection *connection, const struct page *page) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(page->body.len, page->body.ptr, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    enum MHD_Result result =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, page->status, response);
    }
    MHD_destroy_response(response);
    return result;
}

/* libmicrohttpd starts the thread itself, under a name of its own: it takes ours with its first
 * connection. */
static void name_thread(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_ConnectionNotificationCode code) {
    (void)context;
    (void)connection;
    (void)state;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        pthread_setname_np(pthread_self(), "health");
    }
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd asks for eight parameters */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **state) {
    (void)version;
    (void)upload;
    (void)upload_bytes;
    (void)state;
    const bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (!get) {
        return MHD_NO; /* closes the connection: nothing here takes a body */
    }
    struct page page = {0};
    buf_init(&page.body, PAGE_BYTES_MAX);
    writer_of(url)(context, &page);
    const enum MHD_Result result = respond(connection, &page);
    buf_fini(&page.body);
    return result;
}

/* Address. */

struct place {
    char host[64];
    struct sockaddr_storage addr;
    socklen_t len;
};

static enum err parse_address(const char *address, struct place *out, struct why *why) {
    const char *colon = strrchr(address, ':');
    const size_t len = colon ? (size_t)(colon - address) : 0;
    char *end = NULL;
    const long port = colon ? strtol(colon + 1, &end, 10) : -1;
    if (len == 0 || len >= sizeof out->host || end == colon + 1 || *end || port < 0 ||
        port > 65535) {
        return why_set(why, ERR_ADDRESS, "health is \"%.100s\"; write 127.0.0.1:<port>", address);
    }
    memcpy(out->host, address, len);
    if (!endpoint_is_loopback(out->host)) {
        return why_set(why, ERR_ADDRESS,
                       "health is \"%.100s\", which is not a loopback address; write "
                       "127.0.0.1:<port>, and let a proxy of your own serve it elsewhere",
                       address);
    }
    if (out->host[0] == '[') {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                                  .sin6_port = htons((uint16_t)port),
                                  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        memcpy(&out->addr, &v6, sizeof v6);
        out->len = sizeof v6;
    } else {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        inet_pton(AF_INET, out->host, &v4.sin_addr);
        memcpy(&out->addr, &v4, sizeof v4);
        out->len = sizeof v4;
    }
    return ERR_OK;
}

static enum err listen_at(const struct place *place, const char *address, int *out_fd,
                          struct why *why) {
    const int one = 1;
    const int fd = socket(place->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)&place->addr, place->len) != 0 || listen(fd, 64) != 0) {
        const int code = errno;
        if (fd >= 0) {
            close(fd);
        }
        return code == EADDRINUSE
                   ? why_set(why, ERR_ADDRESS,
                             "the port of %s is in use; choose another with --health", address)
                   : why_set(why, ERR_ADDRESS, "cannot listen on %s: %s", address, strerror(code));
    }
    *out_fd = fd;
    return ERR_OK;
}

static unsigned int port_of(int fd) {
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    struct sockaddr_in v4;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        return 0;
    }
    memcpy(&v4, &addr, sizeof v4); /* the port is at the same place in both families */
    return ntohs(v4.sin_port);
}

enum err health_start(const char *address, const struct dbconn *conn, struct health **out,
                      struct why *why) {
    struct place place = {.len = 0};
    int fd = -1;
    enum err err = parse_address(address, &place, why);
    if (err == ERR_OK) {
        err = listen_at(&place, address, &fd, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    struct health *health = calloc(1, sizeof *health);
    if (!health) {
        abort();
    }
    health->conn = conn;
    health->started_ns = clock_mono_ns();
    snprintf(health->address, sizeof health->address, "%s:%u", place.host, port_of(fd));
    health->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, answer,
                         health, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                         CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                         MHD_OPTION_NOTIFY_CONNECTION, name_thread, NULL, MHD_OPTION_END);
    if (!health->daemon) {
        close(fd);
        free(health);
        return why_set(why, ERR_ADDRESS, "cannot serve HTTP on %s", address);
    }
    *out = health;
    return ERR_OK;
}

void health_stop(struct health *health) {
    if (health) {
        MHD_stop_daemon(health->daemon);
        free(health);
    }
}

const char *health_address(const struct health *health) {
    return health ? health->address : "";
}
