/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/webhook.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const levels[] = {
    [TOCSIN_INFO] = "info", [TOCSIN_WARN] = "warn", [TOCSIN_ERROR] = "error"};

static enum err read_level(const char *text, enum tocsin_level *out, struct why *why) {
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    const size_t len = strcspn(text, blanks);
    const bool is_word = text[len + strspn(text + len, blanks)] == '\0';
    for (size_t i = 0; is_word && i < sizeof levels / sizeof *levels; i++) {
        if (strlen(levels[i]) == len && strncasecmp(levels[i], text, len) == 0) {
            *out = (enum tocsin_level)i;
            return ERR_OK;
        }
    }
    /* Not repeated: somebody may have put the URL here. */
    return why_set(why, ERR_CONFIG, "the webhook's minimum level is not one of info, warn, error");
}

static enum err check_url(const char *url, struct why *why) {
    if (strlen(url) > WIRE_URL_BYTES_MAX) {
        return why_set(why, ERR_CONFIG, "the webhook URL is longer than %d bytes",
                       WIRE_URL_BYTES_MAX);
    }
    if (!str_is_text(str_of(url))) {
        return why_set(why, ERR_CONFIG, "the webhook URL is not UTF-8 text");
    }
    if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0) {
        return why_set(why, ERR_CONFIG,
                       "the webhook URL does not begin with https:// or http://: set "
                       "options.webhook_url or TOCSIN_WEBHOOK_URL to the whole URL");
    }
    return ERR_OK;
}

enum err webhook_make(const char *url, const char *min_level, struct webhook *out,
                      struct why *why) {
    const bool is_given = url != NULL && url[0] != '\0';
    enum tocsin_level level = TOCSIN_INFO;
    enum err err = is_given ? check_url(url, why) : ERR_OK;
    if (err == ERR_OK && min_level != NULL && min_level[0] != '\0') {
        err = read_level(min_level, &level, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    memset(out->url, 0, sizeof out->url);
    if (is_given) {
        memcpy(out->url, url, strlen(url));
    }
    out->min_level = level;
    return ERR_OK;
}

struct str webhook_of(const struct webhook *webhook, enum tocsin_level level, const char *own_url) {
    if (level < webhook->min_level) {
        return str_of(NULL);
    }
    if (own_url != NULL && own_url[0] != '\0') {
        return str_of(own_url);
    }
    return str_of(webhook->url[0] != '\0' ? webhook->url : NULL);
}
