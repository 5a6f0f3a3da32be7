/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/hostile.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ZWSP "\xe2\x80\x8b"

/* What is live somewhere. */
static const char *const cores[] = {
    "@everyone",
    "@here",
    "@channel",
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<!subteam^S1>",
    "<!subteam^S012ABC|@ops>",
    "<!date^1392734382^{date}^https://evil.example|x>",
    "<@U1>",
    "<@U024BE7LH|boss>",
    "<#C024BE7LR>",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "<https://evil.example|bank>",
    "<https://evil.example>",
    "<mailto:a@evil.example|mail>",
    "<tel:+1|call>",
    "[bank](https://evil.example)",
    "[bank](<https://evil.example> \"title\")",
    "https://evil.example/x?y=1&z=2",
    "http://evil.example",
    "discord.gg/evil and discord://x",
    ":rotating_light:",
    "<:party:123456789012345678>",
    "<a:party:123456789012345678>",
    "</deploy:123456789012345678>",
    "<t:1700000000:R>",
    "<id:customize>",
    "**bold** __under__ ~~gone~~",
    "||spoiler||",
    "```sh\nrm -rf /\n```",
};

/* Ways to hide it. */
static const char *const disguises[] = {
    "%s",
    "x%sx",
    "\\%s",
    "\\\\%s",
    "\n# %s",
    "\n- %s",
    "\n> %s",
    "`%s`",
    "*_%s_*",
    "&lt;%s&gt;",
    "\xe2\x80\xae%s",             /* right-to-left override */
    "\xe2\x81\xa6%s\xe2\x81\xa9", /* isolates */
    "](%s)",
    "\x1b[31m%s\x1b[0m",
    "\xc2\x9b%s",
    "%s\xf0\x9f", /* an emoji that was cut */
};

static const char *const singles[] = {
    "",
    " ",
    "\xe2\x80\x83",
    "\n\n\n",
    "@\xe2\x80\x8b"
    "everyone",
    "@ever\xe2\x80\x8byone",
    "@\xe2\x81\xa0here",
    "<\xe2\x80\x8b!channel>",
    "<\xef\xbb\xbf@U1>",
    "\xef\xbc\xa0"
    "everyone",                 /* fullwidth @ */
    "\xc0\xbc!channel\xc0\xbe", /* overlong < and > */
    "\xe0\x80\xbc!channel>",
    "\xed\xa0\xbd\xed\xb8\x80", /* surrogates */
    "\xf4\x90\x80\x80",
    "\xff\xfe\xfd",
    "a\r\nb\rc\n1",
    "a\xc2\x85"
    "b",
    "a\xe2\x80\xa8"
    "b\xe2\x80\xa9"
    "c",
    "\x01\x02\x03\x07\x08\x0b\x0c\x0e\x1f\x7f",
    "\xc2\x80\xc2\x90\xc2\x9f",
    "\xf3\xa0\x80\x81\xf3\xa0\x81\xa9\xf3\xa0\x81\xa7", /* tags */
    "\",\"text\":\"injected",
    "\\u0040everyone \\u003c!channel\\u003e",
    "{\"blocks\":[]}",
    "\\",
    "\\\\\\",
    "&amp;lt;!channel&amp;gt;",
    "&#60;!channel&#62;",
    "%s%n%d",
    "$(touch /tmp/x) `id` ; id | id && id > x",
    "'; drop table alerts; --",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", /* a family */
    "\xd8\xa7\xd9\x84\xd9\x84\xd8\xba\xd8\xa9",                                 /* Arabic */
    "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88",
    "-# small\n1. one\n* two\n+ three",
    "Project: p  \xe2\x80\xa2  Run: r  \xe2\x80\xa2  Step 99",
    "--project x",
    "<",
    ">",
    "&",
    "@",
    ":",
};

/* Each as often as fits. */
static const char *const repeated[] = {
    "@",
    "<",
    "&",
    "\\",
    "*",
    "\n",
    "a",
    "\xe4\xb8\xad",
    "\xf0\x9f\x98\x80",
    "<!channel>",
    "@everyone ",
    "\x01",
    "\"",
    "\xff",
    "\xe2\x80\xae",
    "a\xcc\x81",
};

#define N(array) (sizeof(array) / sizeof(array)[0])

size_t hostile_count(void) {
    return N(cores) * N(disguises) + N(singles) + N(repeated);
}

static const char *repeat(const char *text, char *out) {
    const size_t len = strlen(text);
    size_t at = 0;
    for (; at + len < HOSTILE_BYTES_MAX - 8000; at += len) {
        memcpy(out + at, text, len);
    }
    out[at] = '\0';
    return out;
}

static const char *disguise(const char *core, const char *how, char *out) {
    const char *at = strstr(how, "%s");
    snprintf(out, HOSTILE_BYTES_MAX, "%.*s%s%s", (int)(at - how), how, core, at + 2);
    return out;
}

const char *hostile_text(size_t i) {
    static char text[HOSTILE_BYTES_MAX];
    if (i < N(cores) * N(disguises)) {
        return disguise(cores[i / N(disguises)], disguises[i % N(disguises)], text);
    }
    i -= N(cores) * N(disguises);
    return i < N(singles) ? singles[i] : repeat(repeated[i - N(singles)], text);
}

static bool starts(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static uint32_t point_at(const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        return p[0];
    }
    if (p[0] < 0xe0) {
        return (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
    }
    if (p[0] < 0xf0) {
        return (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    }
    return (p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 | (p[3] & 0x3fU);
}

static const char *next(const char *text) {
    for (text++; ((unsigned char)*text & 0xc0) == 0x80; text++) {
    }
    return text;
}

size_t hostile_units(const char *text) {
    size_t units = 0;
    for (; *text != '\0'; text = next(text)) {
        units += point_at(text) > 0xffff ? 2 : 1;
    }
    return units;
}

/* U+200B is what the code under test may put in; it must then stand behind "@" or "<". */
static bool is_unseen(const char *text, const char *start) {
    const uint32_t point = point_at(text);
    if (point == 0x200b) {
        return text == start || (text[-1] != '@' && text[-1] != '<');
    }
    return (point < 0x20 && point != '\n') || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
           (point >= 0x200c && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
           (point >= 0xe0000 && point <= 0xe007f);
}

static bool is_mention(const char *text) {
    return *text == '@' && !starts(text + 1, ZWSP) && text[1] != '\0' && text[1] != ' ';
}

const char *hostile_in_slack(const char *text) {
    const char *start = text;
    for (; *text != '\0'; text = next(text)) {
        const bool bare = *text == '&' && !starts(text, "&amp;") && !starts(text, "&lt;") &&
                          !starts(text, "&gt;");
        if (*text == '<' || *text == '>' || bare || is_mention(text) || is_unseen(text, start)) {
            return text;
        }
    }
    return NULL;
}

/* What a server finds that does not know of backslashes. */
const char *hostile_in_discord_plain(const char *text) {
    const char *start = text;
    for (; *text != '\0'; text = next(text)) {
        const bool special = *text == '<' && !starts(text + 1, ZWSP) && text[1] != '\0' &&
                             strchr("@#:!/athi", text[1]) != NULL;
        if (special || is_mention(text) || is_unseen(text, start)) {
            return text;
        }
    }
    return NULL;
}

static bool is_emoji(const char *text) {
    size_t len = 1;
    while (isalnum((unsigned char)text[len]) || text[len] == '_') {
        len++;
    }
    return *text == ':' && len > 1 && text[len] == ':';
}

const char *hostile_in_discord(const char *text) {
    const char *start = text;
    const char *plain = hostile_in_discord_plain(text);
    if (plain != NULL) {
        return plain;
    }
    for (; *text != '\0'; text = next(text)) {
        if (*text == '\\' && ispunct((unsigned char)text[1])) {
            text++;
            continue;
        }
        const bool line_start = text == start || text[-1] == '\n';
        if (strchr("*_~`|\\", *text) != NULL || starts(text, "](") || starts(text, "http://") ||
            starts(text, "https://") || starts(text, "discord://") || is_emoji(text) ||
            (line_start && strchr("#->", *text) != NULL)) {
            return text;
        }
    }
    return NULL;
}
