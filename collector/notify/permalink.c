/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/permalink.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS     "0123456789"
#define LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define UNRESERVED LETTERS DIGITS "-._~"
#define URL_CHARS  UNRESERVED ":/?#[]@!$&'()*+,;=%"
#define WORD_CHARS LETTERS DIGITS "-._/"
#define TIME_CHARS LETTERS DIGITS "-:.+"

#define WORD_BYTES_MAX 100
#define TIME_BYTES_MAX 40

/* Writes nothing past out[PERMALINK_BYTES_MAX - 1]; len goes on counting. */
struct link {
    char *out;
    size_t len;
};

static void put(struct link *link, const char *text) {
    for (; *text != '\0'; text++, link->len++) {
        if (link->len < PERMALINK_BYTES_MAX) {
            link->out[link->len] = *text;
        }
    }
}

static void put_encoded(struct link *link, const char *text) {
    for (; *text != '\0'; text++) {
        char encoded[4] = {*text};
        if (strchr(UNRESERVED, *text) == NULL) {
            snprintf(encoded, sizeof encoded, "%%%02X", (unsigned)(uint8_t)*text);
        }
        put(link, encoded);
    }
}

static bool is_web_address(const char *url) {
    return (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) &&
           url[strspn(url, URL_CHARS)] == '\0';
}

/* What stands between a URL and its first parameter. */
static const char *separator(const char *url) {
    if (strchr(url, '?') != NULL) {
        return "&";
    }
    return url[strlen(url) - 1] == '/' ? "?" : "/?";
}

bool permalink_page(const char *dashboard, const char *project, const char *run,
                    char out[PERMALINK_BYTES_MAX + 1]) {
    char page[PERMALINK_BYTES_MAX + 1];
    struct link link = {.out = page};
    if (!is_web_address(dashboard)) {
        return false;
    }
    put(&link, dashboard);
    if (project != NULL) {
        put(&link, separator(dashboard));
        put(&link, "project=");
        put_encoded(&link, project);
    }
    if (project != NULL && run != NULL) {
        put(&link, "&run=");
        put_encoded(&link, run);
    }
    if (link.len > PERMALINK_BYTES_MAX) {
        return false;
    }
    page[link.len] = '\0';
    memcpy(out, page, link.len + 1);
    return true;
}

static bool is_made_of(const char *text, const char *chars, size_t bytes_max) {
    const size_t len = text != NULL ? strspn(text, chars) : 0;
    return len > 0 && len <= bytes_max && text[len] == '\0' && text[0] != '-';
}

void permalink_command(const char *project, const char *since,
                       char out[PERMALINK_COMMAND_BYTES_MAX + 1]) {
    const bool dated = is_made_of(since, TIME_CHARS, TIME_BYTES_MAX);
    snprintf(out, PERMALINK_COMMAND_BYTES_MAX + 1, "tocsin list alerts --project %s%s%s",
             is_made_of(project, WORD_CHARS, WORD_BYTES_MAX) ? project : "PROJECT",
             dated ? " --since " : "", dated ? since : "");
}
