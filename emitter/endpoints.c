/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/endpoints.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire/place.h"
#include "schema/wire/wire.h"

static bool is_ipc(const char *endpoint) {
    static const char scheme[] = "ipc://";
    const char *path = endpoint + strlen(scheme);
    return strncmp(endpoint, scheme, strlen(scheme)) == 0 && path[0] == '/' &&
           strlen(path) < PLACE_SOCKET_BYTES_MAX;
}

static bool is_tcp(const char *endpoint) {
    static const char scheme[] = "tcp://";
    if (strncmp(endpoint, scheme, strlen(scheme)) != 0) {
        return false;
    }
    const char *host = endpoint + strlen(scheme);
    const char *colon = strrchr(host, ':');
    if (colon == NULL || colon == host || (host[0] == '[') != (colon[-1] == ']')) {
        return false;
    }
    char *end = NULL;
    const long port = strtol(colon + 1, &end, 10);
    return colon[1] >= '0' && colon[1] <= '9' && *end == '\0' && port >= 1 && port <= 65535;
}

static enum err add(const char *text, size_t len, struct endpoints *out, struct why *why) {
    if (out->n == ENDPOINTS_MAX) {
        return why_set(why, ERR_CONFIG, "more than %d endpoints in TOCSIN_ENDPOINT", ENDPOINTS_MAX);
    }
    if (len >= ENDPOINTS_BYTES_MAX) {
        return why_set(why, ERR_CONFIG, "an endpoint longer than %d bytes",
                       ENDPOINTS_BYTES_MAX - 1);
    }
    char *endpoint = out->text[out->n];
    memcpy(endpoint, text, len);
    endpoint[len] = '\0';
    if (!is_ipc(endpoint) && !is_tcp(endpoint)) {
        return why_set(why, ERR_CONFIG,
                       "\"%.100s\" is not an endpoint: write ipc:///path (under %d bytes) or "
                       "tcp://host:port",
                       endpoint, PLACE_SOCKET_BYTES_MAX);
    }
    out->n++;
    return ERR_OK;
}

static uint64_t weight(uint64_t run_id, const char *endpoint) {
    return wire_keyset_id_add(run_id, str_of(endpoint));
}

/* Insertion sort: there are at most sixteen. */
static void order(uint64_t run_id, struct endpoints *endpoints) {
    char moving[ENDPOINTS_BYTES_MAX];
    for (size_t i = 1; i < endpoints->n; i++) {
        memcpy(moving, endpoints->text[i], sizeof moving);
        size_t at = i;
        while (at > 0 && weight(run_id, endpoints->text[at - 1]) < weight(run_id, moving)) {
            memcpy(endpoints->text[at], endpoints->text[at - 1], sizeof moving);
            at--;
        }
        memcpy(endpoints->text[at], moving, sizeof moving);
    }
}

enum err endpoints_parse(const char *list, uint64_t run_id, struct endpoints *out,
                         struct why *why) {
    struct endpoints endpoints = {.n = 0};
    for (const char *at = list;;) {
        at += strspn(at, " ");
        const size_t len = strcspn(at, ", ");
        enum err err = add(at, len, &endpoints, why);
        if (err != ERR_OK) {
            return err;
        }
        at += len;
        at += strspn(at, " ");
        if (*at == '\0') {
            break;
        }
        if (*at != ',') {
            return why_set(why, ERR_CONFIG, "endpoints are separated by commas, not blanks");
        }
        at++;
    }
    order(run_id, &endpoints);
    *out = endpoints;
    return ERR_OK;
}
