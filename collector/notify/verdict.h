/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_VERDICT_H
#define COLLECTOR_NOTIFY_VERDICT_H

/* What an answer to a post means, and when to go on. All answers are hostile. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/notify/payload.h"
#include "schema/wire/buf.h"

enum verdict {
    VERDICT_DELIVERED, /* 2xx */
    VERDICT_PACED,     /* 429: not an error but a schedule; counts as no attempt */
    VERDICT_RETRY,     /* no answer, 5xx, a redirect, most of 4xx: again, for about a day */
    VERDICT_REFUSED,   /* 400, 413, 422: this message will never be taken */
    VERDICT_GONE,      /* 410, and Discord's 404: the endpoint is disabled */
};

#define VERDICT_BODY_BYTES_MAX (64 * 1024) /* the rest of an answer is not read */

/* Headers are text after the colon, trimmed; empty: not sent. */
struct verdict_answer {
    int status; /* HTTP; 0: no answer came */
    struct str retry_after;
    struct str limit_remaining; /* X-RateLimit-Remaining */
    struct str limit_reset;     /* X-RateLimit-Reset-After, seconds */
    struct str body;            /* at most VERDICT_BODY_BYTES_MAX of it */
};

#define VERDICT_PAUSE_MIN_MS INT64_C(250)
#define VERDICT_PAUSE_MAX_MS INT64_C(3600000)

enum verdict verdict_of(enum payload_kind kind, int status);

/* How long the endpoint asks to be left alone, 0 if it does not. Retry-After in seconds, whole or
 * not, or as an HTTP date (now_unix_s is what it is counted from); else, for 429, the body's
 * retry_after in seconds; else, at 0 remaining, the time to the reset. Whatever was sent, it is 0
 * or between the two limits above; a 429 without a time that can be read (a negative one cannot) is
 * 1 s. The header comes first because Discord has sent milliseconds in the body. */
int64_t verdict_pause_ms(const struct verdict_answer *answer, int64_t now_unix_s);

/* Pause after the attempt with this number (1: the first): 5 s, 30 s, 2 min, 10 min, 30 min, 1 h,
 * 2 h, 4 h, 8 h, 8 h, each up to 20 % more or less by `random`; -1 after the eleventh, which is the
 * last. */
int64_t verdict_backoff_ms(int attempts, uint32_t random);

/* The longest pause of an endpoint after so many failures in a row, so that new alerts try a dead
 * one only now and then: 5 s doubling to 5 min. */
int64_t verdict_rest_ms(int failures);

/* What is kept of an answer for people, since some answers repeat the request's URL, which is a
 * secret. out: at most VERDICT_EXCERPT_BYTES_MAX bytes of valid UTF-8 in one line without control
 * or hidden characters, NUL-terminated; a cut one ends in an ellipsis. Whatever of
 * VERDICT_SECRET_BYTES_MIN bytes or more also stands in the URL's userinfo, path, query or fragment
 * is "***", as it is and with its percent-encoding undone, in letters of any case. */
#define VERDICT_EXCERPT_BYTES_MAX 256
#define VERDICT_SECRET_BYTES_MIN  8 /* shorter ones would be words: "Unknown Webhook" */
void verdict_excerpt(struct str body, const char *url, char out[VERDICT_EXCERPT_BYTES_MAX + 1]);

#endif
