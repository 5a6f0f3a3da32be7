/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TOKEN_RANDOM_BYTES 16
#define COOKIE_NAME        "tocsin_token="
#define BEARER             "Bearer "
#define SEE_OTHER          303

enum err guard_make_token(struct guard *guard, struct why *why) {
    unsigned char random[TOKEN_RANDOM_BYTES];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return why_set(why, ERR_IO, "the system gives no random bytes");
    }
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(guard->token + 2 * i, 3, "%02x", random[i]);
    }
    return ERR_OK;
}

/* In a time that says nothing about where they differ. */
static bool is_token(const struct guard *guard, const char *given, size_t len) {
    const size_t own = strlen(guard->token);
    unsigned char differs = len != own;
    for (size_t i = 0; i < own; i++) {
        differs |= (unsigned char)guard->token[i] ^ (unsigned char)(i < len ? given[i] : 0);
    }
    return differs == 0;
}

/* The cookie of ours among all that came. */
static bool has_cookie(const struct guard *guard, const char *cookies) {
    const char *at = cookies;
    while (at != NULL && *at != '\0') {
        at += strspn(at, " ;");
        const size_t len = strcspn(at, ";");
        const size_t name = strlen(COOKIE_NAME);
        if (len > name && strncmp(at, COOKIE_NAME, name) == 0 &&
            is_token(guard, at + name, len - name)) {
            return true;
        }
        at += len;
    }
    return false;
}

static bool has_bearer(const struct guard *guard, const char *authorization) {
    const size_t prefix = strlen(BEARER);
    return authorization != NULL && strncmp(authorization, BEARER, prefix) == 0 &&
           is_token(guard, authorization + prefix, strlen(authorization + prefix));
}

/* The name before the port. */
static bool is_local_name(const char *host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; host != NULL && i < sizeof names / sizeof *names; i++) {
        const size_t len = strlen(names[i]);
        if (strncmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':')) {
            return true;
        }
    }
    return false;
}

/* A token in the address is exchanged for a cookie at once. */
static void give_cookie(const struct guard *guard, struct reply *reply) {
    reply->status = SEE_OTHER;
    reply->type = "text/plain";
    reply->body = strdup("");
    reply->location = strdup("/");
    if (asprintf(&reply->cookie, COOKIE_NAME "%s; Path=/; HttpOnly; SameSite=Strict",
                 guard->token) < 0 ||
        reply->body == NULL || reply->location == NULL) {
        abort();
    }
}

bool guard_admit(const struct guard *guard, const struct visit *visit, struct reply *reply) {
    const char *token = params_get(&visit->params, "token");
    if (guard->loopback && !is_local_name(visit->host)) {
        reply_error(reply, 403, "This server answers to localhost only.",
                    "Open http://localhost with the port that tocsin show printed.");
        return false;
    }
    if (guard->token[0] == '\0' || has_cookie(guard, visit->cookie) ||
        has_bearer(guard, visit->authorization)) {
        return true;
    }
    if (token != NULL && is_token(guard, token, strlen(token))) {
        give_cookie(guard, reply);
        return false;
    }
    reply_error(reply, 401, "A token is needed.", "Open the address that tocsin show printed.");
    return false;
}

/* "http://" and the Host of the same request. */
static bool is_own_origin(const struct visit *visit) {
    const char *scheme_end = strstr(visit->origin, "://");
    return scheme_end != NULL && visit->host != NULL && strcmp(scheme_end + 3, visit->host) == 0;
}

bool guard_admit_change(const struct visit *visit, struct reply *reply) {
    if (visit->own_header == NULL || (visit->origin != NULL && !is_own_origin(visit))) {
        reply_error(reply, 403, "Another site may not change anything here.",
                    "Send the header X-Tocsin: 1.");
        return false;
    }
    return true;
}
