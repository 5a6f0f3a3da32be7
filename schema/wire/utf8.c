/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/utf8.h"

/* Lead byte ranges of RFC 3629 with what the second byte may be: this excludes overlong forms,
 * surrogates and code points past U+10FFFF. */
static const struct {
    uint8_t lead_first, lead_last, bytes, second_first, second_last;
} forms[] = {
    {0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static uint32_t point_of(const uint8_t *p, size_t bytes) {
    uint32_t point = bytes == 1 ? p[0] : p[0] & (0x7fU >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        point = point << 6 | (p[i] & 0x3f);
    }
    return point;
}

size_t utf8_point(struct str s, uint32_t *out_point) {
    const uint8_t *p = (const uint8_t *)s.ptr;
    for (size_t f = 0; s.len > 0 && f < sizeof forms / sizeof *forms; f++) {
        if (p[0] < forms[f].lead_first || p[0] > forms[f].lead_last) {
            continue;
        }
        const size_t bytes = forms[f].bytes;
        if (bytes > s.len ||
            (bytes > 1 && (p[1] < forms[f].second_first || p[1] > forms[f].second_last))) {
            return 0;
        }
        for (size_t i = 2; i < bytes; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        *out_point = point_of(p, bytes);
        return bytes;
    }
    return 0;
}

/* The last row is the tag block and what is reserved behind it, which hides whole sentences from
 * people but not from language models. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x034f, 0x034f},
    {0x061c, 0x061c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

bool utf8_is_hidden(uint32_t point) {
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (point >= hidden[i].first && point <= hidden[i].last) {
            return true;
        }
    }
    return false;
}
