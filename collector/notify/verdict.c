/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/verdict.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_S            INT64_C(1000)
#define UNREADABLE_PAUSE_MS INT64_C(1000)
#define PAUSE_MAX_S         (VERDICT_PAUSE_MAX_MS / MS_PER_S)
#define HEADER_BYTES_MAX    63

#define TOO_MANY_REQUESTS 429

/* The first row that fits decides. A 404 of Discord means that the webhook was deleted; posting to
 * it on and on gets the address of the sender banned. */
static const struct {
    int first, last;
    bool discord_only;
    enum verdict verdict;
} verdicts[] = {
    {200, 299, false, VERDICT_DELIVERED},
    {TOO_MANY_REQUESTS, TOO_MANY_REQUESTS, false, VERDICT_PACED},
    {400, 400, false, VERDICT_REFUSED},
    {413, 413, false, VERDICT_REFUSED},
    {422, 422, false, VERDICT_REFUSED},
    {410, 410, false, VERDICT_GONE},
    {404, 404, true, VERDICT_GONE},
};

enum verdict verdict_of(enum payload_kind kind, int status) {
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (status >= verdicts[i].first && status <= verdicts[i].last &&
            (!verdicts[i].discord_only || kind == PAYLOAD_DISCORD)) {
            return verdicts[i].verdict;
        }
    }
    return VERDICT_RETRY;
}

/* Milliseconds within the limits; -1 of what is no length of time. NaN is none. */
static int64_t pause_of(double seconds) {
    if (!(seconds >= 0)) {
        return -1;
    }
    const double ms = (seconds < (double)PAUSE_MAX_S ? seconds : (double)PAUSE_MAX_S) * 1000;
    const int64_t whole = (int64_t)ms;
    return whole < VERDICT_PAUSE_MIN_MS ? VERDICT_PAUSE_MIN_MS : whole;
}

/* A NUL-terminated copy; false if it is empty, too long or contains NUL. */
static bool copy(struct str from, char out[HEADER_BYTES_MAX + 1]) {
    if (from.len == 0 || from.len > HEADER_BYTES_MAX || memchr(from.ptr, '\0', from.len) != NULL) {
        return false;
    }
    memcpy(out, from.ptr, from.len);
    out[from.len] = '\0';
    return true;
}

/* Seconds, whole or not. strtod() alone would also take hexadecimal, "inf" and leading blanks. */
static int64_t read_seconds(struct str header) {
    char text[HEADER_BYTES_MAX + 1];
    if (!copy(header, text) || *text < '0' || *text > '9' ||
        text[strspn(text, "0123456789.eE+-")] != '\0') {
        return -1;
    }
    char *end;
    const double seconds = strtod(text, &end);
    return *end == '\0' ? pause_of(seconds) : -1;
}

/* The three forms that RFC 9110 wants understood. */
static int64_t read_date(struct str header, int64_t now_unix_s) {
    static const char *const formats[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                          "%a %b %d %H:%M:%S %Y"};
    char text[HEADER_BYTES_MAX + 1];
    if (!copy(header, text)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, formats[i], &tm);
        if (end != NULL && *end == '\0') {
            const double seconds = (double)timegm(&tm) - (double)now_unix_s;
            return pause_of(seconds > 0 ? seconds : 0);
        }
    }
    return -1;
}

/* {"retry_after": 0.3}, as Discord has it. */
static int64_t read_body(struct str body) {
    const size_t len = body.len < VERDICT_BODY_BYTES_MAX ? body.len : VERDICT_BODY_BYTES_MAX;
    json_t *json = len > 0 ? json_loadb(body.ptr, len, JSON_DECODE_INT_AS_REAL, NULL) : NULL;
    const json_t *seconds = json_object_get(json, "retry_after");
    const int64_t pause_ms = json_is_real(seconds) ? pause_of(json_real_value(seconds)) : -1;
    json_decref(json);
    return pause_ms;
}

static bool is_zero(struct str header) {
    char text[HEADER_BYTES_MAX + 1];
    return copy(header, text) && text[strspn(text, "0")] == '\0';
}

int64_t verdict_pause_ms(const struct verdict_answer *answer, int64_t now_unix_s) {
    const bool paced = answer->status == TOO_MANY_REQUESTS;
    int64_t pause_ms = read_seconds(answer->retry_after);
    if (pause_ms < 0) {
        pause_ms = read_date(answer->retry_after, now_unix_s);
    }
    if (pause_ms < 0 && paced) {
        pause_ms = read_body(answer->body);
    }
    if (pause_ms < 0 && is_zero(answer->limit_remaining)) {
        pause_ms = read_seconds(answer->limit_reset);
    }
    return pause_ms >= 0 ? pause_ms : paced ? UNREADABLE_PAUSE_MS : 0;
}

int64_t verdict_backoff_ms(int attempts, uint32_t random) {
    static const int64_t pauses_s[] = {5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800};
    const int last = (int)(sizeof pauses_s / sizeof *pauses_s);
    if (attempts > last) {
        return -1;
    }
    const int64_t per_mille = 800 + random % 401;
    return pauses_s[attempts > 1 ? attempts - 1 : 0] * per_mille;
}

int64_t verdict_rest_ms(int failures) {
    static const int64_t rests_s[] = {0, 5, 10, 20, 40, 80, 160, 300};
    const int last = (int)(sizeof rests_s / sizeof *rests_s) - 1;
    return rests_s[failures < 0 ? 0 : failures < last ? failures : last] * MS_PER_S;
}
