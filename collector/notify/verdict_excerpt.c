/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "collector/notify/verdict.h"
#include "schema/wire/utf8.h"
#include "schema/wire/wire.h"

#define READ_BYTES_MAX 1024 /* of the body; more than fits, for what is left out of it */
#define ELLIPSIS       "\xe2\x80\xa6"
#define REPLACEMENT    "\xef\xbf\xbd" /* U+FFFD */
#define STARS          "***"

/* Replacing a byte that is no UTF-8 takes three. */
struct line {
    size_t len;
    char text[3 * READ_BYTES_MAX];
};

/* What must not be repeated: userinfo, path, query and fragment. */
struct secret {
    size_t len;
    char text[WIRE_URL_BYTES_MAX];
};

static void put(struct line *line, const char *bytes, size_t len) {
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

/* One line: everything that is not seen is a blank, and blanks are not repeated. */
static void clean(struct str body, struct line *out) {
    out->len = 0;
    body.len = body.len < READ_BYTES_MAX ? body.len : READ_BYTES_MAX;
    while (body.len > 0) {
        uint32_t point;
        const size_t bytes = utf8_point(body, &point);
        if (bytes == 0 && *body.ptr != '\0') {
            put(out, REPLACEMENT, sizeof REPLACEMENT - 1);
        } else if (bytes == 0 || point == ' ' || utf8_is_hidden(point)) {
            put(out, " ", out->len > 0 && out->text[out->len - 1] != ' ' ? 1 : 0);
        } else {
            put(out, body.ptr, bytes);
        }
        const size_t taken = bytes > 0 ? bytes : 1;
        body = (struct str){.ptr = body.ptr + taken, .len = body.len - taken};
    }
}

static void add_secret(struct secret *secret, const char *from, size_t len) {
    const size_t room = sizeof secret->text - secret->len;
    len = len < room ? len : room;
    memcpy(secret->text + secret->len, from, len);
    secret->len += len;
}

static void read_secret(const char *url, struct secret *out) {
    const char *scheme = strstr(url, "://");
    const char *authority = scheme != NULL ? scheme + 3 : url;
    const size_t len = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', len);
    out->len = 0;
    add_secret(out, authority + len, strlen(authority + len));
    if (at != NULL) {
        add_secret(out, authority, (size_t)(at - authority));
    }
}

static int hex_value(char c) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *digit = c != '\0' ? strchr(digits, c) : NULL;
    return digit != NULL ? (int)((digit - digits) % 16) : -1;
}

static void decode(const struct secret *from, struct secret *out) {
    out->len = 0;
    for (size_t i = 0; i < from->len; i++) {
        char c = from->text[i];
        if (c == '%' && i + 2 < from->len && hex_value(from->text[i + 1]) >= 0 &&
            hex_value(from->text[i + 2]) >= 0) {
            c = (char)(hex_value(from->text[i + 1]) * 16 + hex_value(from->text[i + 2]));
            i += 2;
        }
        out->text[out->len++] = c;
    }
}

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* How much of what begins at text stands somewhere in the secret. */
static size_t longest(const char *text, size_t len, const struct secret *secret) {
    size_t best = 0;
    for (size_t start = 0; start < secret->len; start++) {
        size_t n = 0;
        while (n < len && start + n < secret->len &&
               lower(text[n]) == lower(secret->text[start + n])) {
            n++;
        }
        best = n > best ? n : best;
    }
    return best;
}

static bool is_continuation(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Takes what is there of the last code point off. */
static void take_back(struct line *line) {
    while (line->len > 0 && is_continuation(line->text[--line->len])) {
    }
}

/* A match may begin and end in the middle of a code point, which then goes as a whole. */
static void redact(const struct line *from, const char *url, struct line *out) {
    struct secret secrets[2];
    read_secret(url, &secrets[0]);
    decode(&secrets[0], &secrets[1]);
    out->len = 0;
    for (size_t at = 0; at < from->len;) {
        size_t len = longest(from->text + at, from->len - at, &secrets[0]);
        const size_t decoded = longest(from->text + at, from->len - at, &secrets[1]);
        len = decoded > len ? decoded : len;
        if (len < VERDICT_SECRET_BYTES_MIN) {
            put(out, from->text + at, 1);
            at++;
            continue;
        }
        if (is_continuation(from->text[at])) {
            take_back(out);
        }
        put(out, STARS, sizeof STARS - 1);
        for (at += len; at < from->len && is_continuation(from->text[at]); at++) {
        }
    }
}

void verdict_excerpt(struct str body, const char *url, char out[VERDICT_EXCERPT_BYTES_MAX + 1]) {
    struct line line;
    struct line shown;
    clean(body, &line);
    redact(&line, url, &shown);
    size_t len = shown.len;
    if (len > VERDICT_EXCERPT_BYTES_MAX) {
        len = VERDICT_EXCERPT_BYTES_MAX - (sizeof ELLIPSIS - 1);
        for (; is_continuation(shown.text[len]); len--) {
        }
    }
    memcpy(out, shown.text, len);
    if (len < shown.len) {
        memcpy(out + len, ELLIPSIS, sizeof ELLIPSIS - 1);
        len += sizeof ELLIPSIS - 1;
    }
    out[len] = '\0';
}
