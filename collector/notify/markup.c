/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/markup.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "schema/wire/utf8.h"

#define SAY_BYTES_MAX 256
#define REPLACEMENT   "\xef\xbf\xbd" /* U+FFFD */
#define ELLIPSIS      "\xe2\x80\xa6"
#define APART         "\xe2\x80\x8b" /* U+200B: keeps what is around it from being read as one */

struct escape {
    char from;
    const char *to;
};

/* "@" is taken apart from what follows: Slack and Discord look for @here and @everyone in places
 * where no markup is. */
static const struct escape slack[] = {
    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'@', "@" APART}, {0}};

/* "<" begins mentions, channels, emoji, times, commands and links, and some of them are looked for
 * before backslashes are: it is taken apart. An escaped ":" leaves no :emoji: and no https:// that
 * would become a link. "#" and "-" make headings and lists. */
static const struct escape discord[] = {
    {'\\', "\\\\"}, {'*', "\\*"}, {'_', "\\_"},     {'~', "\\~"},     {'`', "\\`"}, {'|', "\\|"},
    {'>', "\\>"},   {'[', "\\["}, {']', "\\]"},     {'(', "\\("},     {')', "\\)"}, {'#', "\\#"},
    {'-', "\\-"},   {':', "\\:"}, {'<', "<" APART}, {'@', "@" APART}, {0}};

static const struct escape discord_plain[] = {{'<', "<" APART}, {'@', "@" APART}, {0}};

static const struct escape *const escapes[MARKUPS] = {
    [MARKUP_SLACK] = slack,
    [MARKUP_DISCORD] = discord,
    [MARKUP_DISCORD_PLAIN] = discord_plain,
};

static const struct escape line_breaks[] = {{'\r', "\n"}, {'\n', "\n"}, {'\t', "    "}, {0}};
static const struct escape in_one_line[] = {{'\r', " "}, {'\n', " "}, {'\t', " "}, {0}};

static const char *find_escape(const struct escape *list, uint32_t point) {
    for (; list->from != 0; list++) {
        if (point == (unsigned char)list->from) {
            return list->to;
        }
    }
    return NULL;
}

/* Length of the code point or of what is none, and of a line break that is two. */
static size_t take_point(struct str from, uint32_t *out_point) {
    const size_t bytes = utf8_point(from, out_point);
    if (bytes == 0) {
        *out_point = 0; /* hidden */
        return 1;
    }
    return *out_point == '\r' && from.len > 1 && from.ptr[1] == '\n' ? 2 : bytes;
}

/* What stands for the first code point of from; takes it off. */
static struct str next_piece(enum markup markup, const struct escape *breaks, struct str *from) {
    uint32_t point;
    struct str piece = {.ptr = from->ptr};
    piece.len = markup == MARKUP_JSON ? utf8_point(*from, &point) : take_point(*from, &point);
    const size_t taken = piece.len > 0 ? piece.len : 1;
    if (piece.len == 0) {
        piece = str_of(REPLACEMENT);
    } else if (markup != MARKUP_JSON) {
        const char *to = find_escape(escapes[markup], point);
        const bool is_break = point == 0x2028 || point == 0x2029;
        to = to != NULL ? to : find_escape(breaks, is_break ? (uint32_t)'\n' : point);
        to = to == NULL && utf8_is_hidden(point) ? REPLACEMENT : to;
        piece = to != NULL ? str_of(to) : piece;
    }
    *from = (struct str){.ptr = from->ptr + taken, .len = from->len - taken};
    return piece;
}

/* As JSON writes it where only ASCII is allowed. */
static size_t json_bytes(uint32_t point) {
    if (point >= 0x80) {
        return point > 0xffff ? sizeof "\\u0000\\u0000" - 1 : sizeof "\\u0000" - 1;
    }
    if (point < ' ') {
        return strchr("\b\f\n\r\t", (int)point) != NULL ? 2 : sizeof "\\u0000" - 1;
    }
    return point == '"' || point == '\\' ? 2 : 1;
}

static size_t count(enum markup markup, struct str piece) {
    size_t n = 0;
    while (piece.len > 0) {
        uint32_t point;
        const size_t bytes = utf8_point(piece, &point);
        n += markup == MARKUP_JSON ? json_bytes(point) : point > 0xffff ? 2 : 1;
        piece = (struct str){.ptr = piece.ptr + bytes, .len = piece.len - bytes};
    }
    return n;
}

static void append(struct markup_text *text, struct str piece) {
    if (text->err == ERR_OK) {
        text->err = buf_append(&text->buf, piece.ptr, piece.len);
        text->used += count(text->markup, piece);
    }
}

static bool quote(struct markup_text *text, const struct escape *breaks, struct str from,
                  size_t max) {
    const size_t end = text->used + max;
    const size_t reserve = count(text->markup, str_of(ELLIPSIS));
    size_t fits_len = text->buf.len; /* where an ellipsis could still be added */
    size_t fits_used = text->used;
    while (from.len > 0 && text->err == ERR_OK) {
        if (text->used + reserve <= end) {
            fits_len = text->buf.len;
            fits_used = text->used;
        }
        append(text, next_piece(text->markup, breaks, &from));
        if (text->used > end) {
            text->buf.len = fits_len;
            text->used = fits_used;
            if (text->used + reserve <= end) {
                append(text, str_of(ELLIPSIS));
            }
            return false;
        }
    }
    return text->err == ERR_OK;
}

void markup_init(struct markup_text *text, enum markup markup) {
    *text = (struct markup_text){.markup = markup};
    buf_init(&text->buf, MARKUP_BYTES_MAX);
}

void markup_fini(struct markup_text *text) {
    buf_fini(&text->buf);
}

void markup_say(struct markup_text *text, const char *format, ...) {
    char words[SAY_BYTES_MAX];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof words) {
        text->err = text->err != ERR_OK ? text->err : ERR_TOO_LONG;
    }
    append(text, str_of(words));
}

bool markup_line(struct markup_text *text, const char *untrusted, size_t max) {
    return quote(text, in_one_line, str_of(untrusted), max);
}

bool markup_lines(struct markup_text *text, const char *untrusted, size_t max) {
    return quote(text, line_breaks, str_of(untrusted), max);
}

/* Blanks of every width; the rest of what is not seen becomes U+FFFD, which is. */
static const struct {
    uint32_t first, last;
} blanks[] = {
    {'\t', '\n'},     {'\r', '\r'},     {' ', ' '},       {0x00a0, 0x00a0},
    {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f},
    {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000},
};

static bool is_blank(uint32_t point) {
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        if (point >= blanks[i].first && point <= blanks[i].last) {
            return true;
        }
    }
    return false;
}

bool markup_is_blank(const char *untrusted) {
    struct str left = str_of(untrusted);
    while (left.len > 0) {
        uint32_t point;
        const size_t bytes = utf8_point(left, &point);
        if (bytes == 0 || !is_blank(point)) {
            return false;
        }
        left = (struct str){.ptr = left.ptr + bytes, .len = left.len - bytes};
    }
    return true;
}
