/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "collector/notify/guard.h"
#include "collector/notify/sign.h"
#include "schema/wire/clock.h"

#define CONNECT_MS       5000L
#define HEADER_BYTES_MAX (64 * 1024) /* of all of an answer's header lines */
#define FIELD_BYTES_MAX  128         /* of one that is read */

enum field { FIELD_RETRY_AFTER, FIELD_REMAINING, FIELD_RESET, FIELDS };
static const char *const field_names[FIELDS] = {"retry-after", "x-ratelimit-remaining",
                                                "x-ratelimit-reset-after"};

struct post {
    struct poster *poster;
    struct outbox_message *message;
    CURL *easy;
    struct curl_slist *headers;
    struct why refused; /* by the guard, or why it could not begin */
    bool ended;
    CURLcode code;
    char fields[FIELDS][FIELD_BYTES_MAX];
    size_t header_bytes;
    struct buf body;
};

struct poster {
    const struct settings *settings;
    struct guard guard;
    CURLM *multi;
    struct post *posts[POST_MAX]; /* NULL: room for one */
};

enum err poster_new(const struct settings *settings, struct poster **out, struct why *why) {
    struct poster *poster = calloc(1, sizeof *poster);
    if (!poster) {
        abort();
    }
    poster->settings = settings;
    enum err err = guard_parse(settings->webhook_allow, &poster->guard, why);
    if (err == ERR_OK && settings->webhook_ca_file[0] &&
        access(settings->webhook_ca_file, R_OK) != 0) {
        err =
            why_set(why, ERR_CONFIG, "webhook_ca_file: cannot read %s", settings->webhook_ca_file);
    }
    if (err == ERR_OK) {
        poster->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? curl_multi_init() : NULL;
        err = poster->multi ? ERR_OK : why_set(why, ERR_MEMORY, "libcurl does not start");
    }
    if (err != ERR_OK) {
        free(poster);
        return err;
    }
    *out = poster;
    return ERR_OK;
}

/* Takes the post's message along unless it was given back. */
static void post_free(struct post *post) {
    if (post->easy) {
        curl_multi_remove_handle(post->poster->multi, post->easy);
        curl_easy_cleanup(post->easy);
    }
    curl_slist_free_all(post->headers);
    buf_fini(&post->body);
    outbox_message_free(post->message);
    free(post);
}

void poster_free(struct poster *poster) {
    if (!poster) {
        return;
    }
    for (size_t i = 0; i < POST_MAX; i++) {
        if (poster->posts[i]) {
            post_free(poster->posts[i]);
        }
    }
    curl_multi_cleanup(poster->multi);
    curl_global_cleanup();
    free(poster);
}

size_t poster_room(const struct poster *poster) {
    size_t room = 0;
    for (size_t i = 0; i < POST_MAX; i++) {
        room += poster->posts[i] == NULL;
    }
    return room;
}

/* What libcurl asks and tells during a post. */

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct post *post = context;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        guard_judge(&post->poster->guard, &address->addr, (socklen_t)address->addrlen,
                    &post->refused) != ERR_OK) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void take_field(struct post *post, const char *line, size_t len) {
    for (size_t i = 0; i < FIELDS; i++) {
        const size_t name = strlen(field_names[i]);
        if (len > name && line[name] == ':' && strncasecmp(line, field_names[i], name) == 0) {
            snprintf(post->fields[i], FIELD_BYTES_MAX, "%.*s", (int)(len - name - 1),
                     line + name + 1);
        }
    }
}

static size_t take_header(char *line, size_t size, size_t n, void *context) {
    struct post *post = context;
    const size_t len = size * n;
    post->header_bytes += len;
    if (post->header_bytes > HEADER_BYTES_MAX) {
        return 0;
    }
    take_field(post, line, len);
    return len;
}

/* What does not fit is not read: the connection ends here. */
static size_t take_body(char *bytes, size_t size, size_t n, void *context) {
    struct post *post = context;
    const size_t room = VERDICT_BODY_BYTES_MAX - post->body.len;
    const size_t len = size * n;
    const bool kept = buf_append(&post->body, bytes, len < room ? len : room) == ERR_OK;
    return kept && len <= room ? len : 0;
}

/* Setting up. */

static bool add_header(struct post *post, const char *name, const char *value) {
    char line[512];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *headers = curl_slist_append(post->headers, line);
    post->headers = headers ? headers : post->headers;
    return headers != NULL;
}

static bool add_signature(struct post *post, int64_t unix_s) {
    const struct outbox_message *message = post->message;
    char signature[SIGN_HEADER_BYTES_MAX];
    if (!message->secret) {
        return true;
    }
    return sign_header(message->secret, message->old_secret, message->webhook_id, unix_s,
                       (struct str){(const char *)message->body.ptr, message->body.len}, signature,
                       &post->refused) == ERR_OK &&
           add_header(post, "webhook-signature", signature);
}

static bool set_headers(struct post *post) {
    char timestamp[32];
    const int64_t unix_s = clock_wall_ns() / CLOCK_NS_PER_S;
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)unix_s);
    return add_header(post, "Content-Type", "application/json") &&
           add_header(post, "webhook-id", post->message->webhook_id) &&
           add_header(post, "webhook-timestamp", timestamp) && add_signature(post, unix_s) &&
           (post->headers = curl_slist_append(post->headers, "Expect:")) != NULL &&
           curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, post->headers) == CURLE_OK;
}

/* Where it may go, and how. CURLOPT_NOPROXY "*" and an empty CURLOPT_PROXY: those of the
 * environment do not count. CURLOPT_QUICK_EXIT: a name that does not resolve in time is not waited
 * for. */
static bool set_limits(struct post *post) {
    const struct settings *settings = post->poster->settings;
    const char *protocols = settings->webhook_allow_http ? "http,https" : "https";
    CURL *easy = post->easy;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (!settings->webhook_ca_file[0] ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, settings->webhook_ca_file) == CURLE_OK) &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)settings->webhook_timeout_ms) ==
               CURLE_OK;
}

static bool set_callbacks(struct post *post) {
    CURL *easy = post->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, post) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, post) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, post) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, post) == CURLE_OK;
}

static bool set_request(struct post *post) {
    const struct outbox_message *message = post->message;
    CURL *easy = post->easy;
    return curl_easy_setopt(easy, CURLOPT_URL, message->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION_TEXT) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)message->body.len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, message->body.ptr) == CURLE_OK &&
           set_headers(post);
}

static void end(struct post *post, CURLcode code) {
    post->code = code;
    post->ended = true;
}

void poster_start(struct poster *poster, struct outbox_message *message) {
    struct post *post = calloc(1, sizeof *post);
    size_t slot = 0;
    if (!post) {
        abort();
    }
    while (poster->posts[slot]) {
        slot++;
    }
    poster->posts[slot] = post;
    *post = (struct post){.poster = poster, .message = message, .easy = curl_easy_init()};
    buf_init(&post->body, VERDICT_BODY_BYTES_MAX);
    if (!post->easy || !set_limits(post) || !set_callbacks(post) || !set_request(post) ||
        curl_multi_add_handle(poster->multi, post->easy) != CURLM_OK) {
        end(post, CURLE_FAILED_INIT);
    }
}

void poster_wait(struct poster *poster, int64_t wait_ms) {
    int running = 0;
    int left = 0;
    curl_multi_poll(poster->multi, NULL, 0, (int)wait_ms, NULL);
    curl_multi_perform(poster->multi, &running);
    const CURLMsg *told;
    while ((told = curl_multi_info_read(poster->multi, &left)) != NULL) {
        struct post *post = NULL;
        curl_easy_getinfo(told->easy_handle, CURLINFO_PRIVATE, (char **)&post);
        end(post, told->data.result);
    }
}

void poster_wake(struct poster *poster) {
    curl_multi_wakeup(poster->multi);
}

/* Results. */

/* libcurl's own words about a code never hold a part of the URL; those of its error buffer do. */
static void explain(const struct post *post, char *out, size_t size) {
    const bool refused = post->refused.text[0] != '\0';
    snprintf(out, size, "%.*s", (int)size - 1,
             refused ? post->refused.text : curl_easy_strerror(post->code));
}

static struct str trimmed(const char *text) {
    const char *at = text + strspn(text, " \t");
    return (struct str){at, strcspn(at, "\r\n")};
}

/* A status counts even if the rest of the answer never came. */
static void judge(const struct post *post, struct settle_result *out) {
    long status = 0;
    if (post->easy) {
        curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    }
    const struct verdict_answer answer = {
        .status = (int)status,
        .retry_after = trimmed(post->fields[FIELD_RETRY_AFTER]),
        .limit_remaining = trimmed(post->fields[FIELD_REMAINING]),
        .limit_reset = trimmed(post->fields[FIELD_RESET]),
        .body = {(const char *)post->body.ptr, post->body.len},
    };
    *out = (struct settle_result){.verdict = verdict_of(post->message->kind, answer.status),
                                  .status = answer.status};
    if (answer.status == 0) {
        explain(post, out->answer, sizeof out->answer);
    } else {
        out->pause_ms = verdict_pause_ms(&answer, clock_wall_ns() / CLOCK_NS_PER_S);
        verdict_excerpt(answer.body, post->message->url, out->answer);
    }
}

bool poster_next_done(struct poster *poster, struct outbox_message **out_message,
                      struct settle_result *out_result) {
    size_t slot = 0;
    while (slot < POST_MAX && !(poster->posts[slot] && poster->posts[slot]->ended)) {
        slot++;
    }
    if (slot == POST_MAX) {
        return false;
    }
    struct post *post = poster->posts[slot];
    judge(post, out_result);
    *out_message = post->message;
    post->message = NULL;
    poster->posts[slot] = NULL;
    post_free(post);
    return true;
}
