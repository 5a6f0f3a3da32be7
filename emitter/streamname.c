/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/streamname.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void streamname_put(const struct wire_id *stream, char out[STREAMNAME_DIGITS + 1]) {
    for (size_t i = 0; i < sizeof stream->bytes; i++) {
        out[2 * i] = digits[stream->bytes[i] >> 4];
        out[2 * i + 1] = digits[stream->bytes[i] & 15];
    }
    out[STREAMNAME_DIGITS] = '\0';
}

bool streamname_parse(const char *name, struct wire_id *out) {
    if (strspn(name, digits) < STREAMNAME_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        const char *high = strchr(digits, name[2 * i]);
        const char *low = strchr(digits, name[2 * i + 1]);
        out->bytes[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}
