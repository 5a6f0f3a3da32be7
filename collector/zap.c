/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/zap.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "collector/counters.h"
#include "collector/log.h"

#define PARTS          7   /* version, request id, domain, address, routing id, mechanism, key */
#define PART_BYTES_MAX 256 /* a routing id has at most 255; longer parts are cut */
#define KEY_BYTES      32

enum part { VERSION, REQUEST, DOMAIN, ADDRESS, ROUTING, MECHANISM, CREDENTIALS };

struct request {
    struct {
        char bytes[PART_BYTES_MAX + 1]; /* NUL-terminated */
        size_t len;
    } parts[PARTS];
};

struct zap {
    void *socket;
    struct allowlist *list;
    int stop; /* eventfd */
    pthread_t thread;
};

/* Judging. */

static struct zap_verdict refuse(enum counter counter) {
    counters_add(counter, 1);
    return (struct zap_verdict){.status = "400"};
}

static struct zap_verdict judge_key(struct allowlist *list, const char *public_key) {
    struct allowlist_key key;
    if (!allowlist_find_public(list, public_key, &key)) {
        struct why why;
        if (why_set(&why, ERR_KEY,
                    "to admit it: tocsin keys authorize --name NAME --public-key='%s'",
                    public_key) == ERR_KEY) {
            log_line(LOG_WARN, "key_unknown", why.text, "%s", "");
        }
        return refuse(COUNTER_connections_unknown_key);
    }
    if (key.revoked) {
        log_line(LOG_WARN, "key_revoked", NULL, "key_id=%" PRIu64, key.key_id);
        return refuse(COUNTER_connections_revoked_key);
    }
    counters_add(COUNTER_connections_key, 1);
    return (struct zap_verdict){.status = "200", .key_id = key.key_id};
}

struct zap_verdict zap_judge(struct allowlist *list, const char *domain, const char *mechanism,
                             const char *public_key) {
    if (strcmp(domain, ZAP_LOCAL) == 0 && strcmp(mechanism, "NULL") == 0) {
        counters_add(COUNTER_connections_local, 1);
        return (struct zap_verdict){.status = "200"};
    }
    if (strcmp(domain, ZAP_KEYS) == 0 && strcmp(mechanism, "CURVE") == 0 && public_key) {
        return judge_key(list, public_key);
    }
    return refuse(COUNTER_connections_mechanism);
}

/* Talking to libzmq. */

static bool receive(struct zap *zap, struct request *out) {
    bool more = true;
    size_t n = 0;
    memset(out, 0, sizeof *out);
    for (; more; n++) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, zap->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return false;
        }
        if (n < PARTS) {
            const size_t len = zmq_msg_size(&part);
            out->parts[n].len = len < PART_BYTES_MAX ? len : PART_BYTES_MAX;
            memcpy(out->parts[n].bytes, zmq_msg_data(&part), out->parts[n].len);
        }
        more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    return n >= MECHANISM + 1;
}

static void reply(struct zap *zap, const struct request *request,
                  const struct zap_verdict *verdict) {
    char user[24];
    const bool admitted = strcmp(verdict->status, "200") == 0;
    snprintf(user, sizeof user, "%" PRIu64, verdict->key_id);
    const char *const parts[] = {"1.0", request->parts[REQUEST].bytes, verdict->status,
                                 admitted ? "OK" : "Refused", admitted ? user : ""};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t len = i == 1 ? request->parts[REQUEST].len : strlen(parts[i]);
        if (zmq_send(zap->socket, parts[i], len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
            return; /* the connection is gone */
        }
    }
    zmq_send(zap->socket, "", 0, ZMQ_DONTWAIT);
}

static void serve(struct zap *zap) {
    struct request request;
    if (!receive(zap, &request)) {
        return;
    }
    char public_key[KEYFILE_KEY_CHARS + 1];
    const bool has_key = request.parts[CREDENTIALS].len == KEY_BYTES;
    if (has_key) {
        zmq_z85_encode(public_key, (const uint8_t *)request.parts[CREDENTIALS].bytes, KEY_BYTES);
    }
    const struct zap_verdict verdict =
        zap_judge(zap->list, request.parts[DOMAIN].bytes, request.parts[MECHANISM].bytes,
                  has_key ? public_key : NULL);
    reply(zap, &request, &verdict);
}

static void *run(void *context) {
    struct zap *zap = context;
    zmq_pollitem_t items[] = {
        {.fd = zap->stop, .events = ZMQ_POLLIN},
        {.socket = zap->socket, .events = ZMQ_POLLIN},
    };
    pthread_setname_np(pthread_self(), "zap");
    while ((items[0].revents & ZMQ_POLLIN) == 0) {
        if (zmq_poll(items, 2, -1) > 0 && (items[1].revents & ZMQ_POLLIN) != 0) {
            serve(zap);
        }
    }
    return NULL;
}

static void zap_free(struct zap *zap) {
    if (zap->socket) {
        zmq_close(zap->socket);
    }
    if (zap->stop >= 0) {
        close(zap->stop);
    }
    free(zap);
}

enum err zap_start(void *zmq, struct allowlist *list, struct zap **out, struct why *why) {
    struct zap *zap = calloc(1, sizeof *zap);
    if (!zap) {
        abort();
    }
    const int linger = 0;
    zap->list = list;
    zap->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    zap->socket = zmq_socket(zmq, ZMQ_REP);
    if (zap->stop < 0 || !zap->socket ||
        zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(zap->socket, "inproc://zeromq.zap.01") != 0 ||
        pthread_create(&zap->thread, NULL, run, zap) != 0) {
        zap_free(zap);
        return why_set(why, ERR_IO,
                       "cannot start the thread that checks keys; raise the limits of open files "
                       "and processes");
    }
    *out = zap;
    return ERR_OK;
}

void zap_stop(struct zap *zap) {
    const uint64_t one = 1;
    if (zap && write(zap->stop, &one, sizeof one) == (ssize_t)sizeof one) {
        pthread_join(zap->thread, NULL);
        zap_free(zap);
    }
}
