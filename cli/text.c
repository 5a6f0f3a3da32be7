/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire/utf8.h"

size_t text_point(const char *text, uint32_t *out_point) {
    static const struct {
        unsigned char mask, lead;
        uint32_t smallest; /* shorter forms of the same point are not UTF-8 */
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const unsigned char *at = (const unsigned char *)text;
    for (size_t more = 0; more < sizeof forms / sizeof *forms; more++) {
        if ((at[0] & forms[more].mask) != forms[more].lead) {
            continue;
        }
        uint32_t point = at[0] & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80) {
                return 0; /* also where the text ends: its NUL is no continuation */
            }
            point = point << 6 | (at[i] & 0x3f);
        }
        if (point < forms[more].smallest || point > 0x10ffff ||
            (point >= 0xd800 && point <= 0xdfff)) {
            return 0;
        }
        *out_point = point;
        return more + 1;
    }
    return 0;
}

static void put_escape(FILE *file, uint32_t point) {
    static const struct {
        uint32_t point;
        const char *escape;
    } named[] = {{'\t', "\\t"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\\', "\\\\"}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (named[i].point == point) {
            fputs(named[i].escape, file);
            return;
        }
    }
    fprintf(file, point < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)point);
}

size_t text_plain(const char *text, const char *not_plain) {
    size_t len = 0;
    while (text[len] >= ' ' && text[len] <= '~' && strchr(not_plain, text[len]) == NULL) {
        len++;
    }
    return len;
}

void text_put(FILE *file, const char *text) {
    while (*text != '\0') {
        uint32_t point = 0;
        const size_t plain = text_plain(text, "\\");
        const size_t len = plain > 0 ? plain : text_point(text, &point);
        if (len == 0) {
            fprintf(file, "\\x%02x", (unsigned)(unsigned char)*text);
        } else if (plain == 0 && (point == '\\' || utf8_is_hidden(point))) {
            put_escape(file, point);
        } else {
            fwrite(text, 1, len, file);
        }
        text += len == 0 ? 1 : len;
    }
}

char *text_clean(const char *text) {
    char *clean = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&clean, &len);
    if (file == NULL) {
        abort();
    }
    text_put(file, text);
    if (fclose(file) != 0 || clean == NULL) {
        abort();
    }
    return clean;
}
