/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the answer of an endpoint: two of them are the status; Retry-After, remaining,
 * reset, URL and body follow, separated by NUL. A pause must be none or within its limits, an
 * excerpt one line of UTF-8 without what the URL keeps secret. */

#include <ctype.h>
#include <string.h>

#include "collector/notify/verdict.h"
#include "tests/fuzz/fuzz.h"

/* Takes the text up to the next NUL off data. */
static struct str take(const uint8_t **data, size_t *size) {
    const uint8_t *end = *size > 0 ? memchr(*data, '\0', *size) : NULL;
    const struct str text = {(const char *)*data, end != NULL ? (size_t)(end - *data) : *size};
    *size -= text.len + (end != NULL ? 1 : 0);
    *data += text.len + (end != NULL ? 1 : 0);
    return text;
}

static void check_pause(const struct verdict_answer *answer) {
    const int64_t pause_ms = verdict_pause_ms(answer, 1700000000);
    FUZZ_MUST(pause_ms == 0 ||
              (pause_ms >= VERDICT_PAUSE_MIN_MS && pause_ms <= VERDICT_PAUSE_MAX_MS));
    FUZZ_MUST(answer->status != 429 || pause_ms > 0);
}

static bool contains(const char *text, const char *part, size_t len) {
    for (; *text != '\0'; text++) {
        if (strncasecmp(text, part, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Eight bytes of an excerpt are nowhere in the path, unless they are stars, which mark what was. */
static void check_excerpt(struct str body, const char *url) {
    char out[VERDICT_EXCERPT_BYTES_MAX + 1];
    verdict_excerpt(body, url, out);
    const size_t len = strlen(out);
    const char *authority = strstr(url, "://") != NULL ? strstr(url, "://") + 3 : url;
    const char *path = authority + strcspn(authority, "/?#");
    FUZZ_MUST(len <= VERDICT_EXCERPT_BYTES_MAX && str_is_text((struct str){out, len}));
    for (size_t i = 0; i < len; i++) {
        FUZZ_MUST(!iscntrl((unsigned char)out[i]));
        FUZZ_MUST(len - i < VERDICT_SECRET_BYTES_MIN ||
                  memchr(out + i, '*', VERDICT_SECRET_BYTES_MIN) != NULL ||
                  !contains(path, out + i, VERDICT_SECRET_BYTES_MIN));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    struct verdict_answer answer = {.status = data[0] < 128 ? 429 : data[0] * 4 + data[1] % 4};
    data += 2;
    size -= 2;
    answer.retry_after = take(&data, &size);
    answer.limit_remaining = take(&data, &size);
    answer.limit_reset = take(&data, &size);
    const struct str url = take(&data, &size);
    answer.body = (struct str){(const char *)data, size};
    FUZZ_MUST(verdict_of(PAYLOAD_DISCORD, answer.status) <= VERDICT_GONE);
    check_pause(&answer);
    if (url.len < 2048) {
        char text[2048];
        memcpy(text, url.ptr, url.len);
        text[url.len] = '\0';
        check_excerpt(answer.body, text);
    }
    return 0;
}
