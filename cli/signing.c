/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signing.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>

#define RANDOM_BYTES 32

static void put_base64(const uint8_t *bytes, size_t n, char *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const uint32_t bits = (uint32_t)bytes[i] << 16 |
                              (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0) |
                              (i + 2 < n ? bytes[i + 2] : 0);
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < n ? digits[bits & 63] : '=';
    }
    *out = '\0';
}

enum err signing_make(char out[SIGNING_BYTES], struct why *why) {
    static const char prefix[] = "whsec_";
    uint8_t bytes[RANDOM_BYTES];
    prctl(PR_SET_DUMPABLE, 0);
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return why_set(why, ERR_IO, "no random bytes are to be had: %s", strerror(errno));
    }
    memcpy(out, prefix, sizeof prefix);
    put_base64(bytes, sizeof bytes, out + sizeof prefix - 1);
    explicit_bzero(bytes, sizeof bytes);
    return ERR_OK;
}
