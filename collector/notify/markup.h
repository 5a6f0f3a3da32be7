/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_MARKUP_H
#define COLLECTOR_NOTIFY_MARKUP_H

/* Untrusted text for one destination, under construction: nothing in it mentions anybody, formats,
 * links or hides anything there, and it is cut at code points to a length counted as the
 * destination counts. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

/* Slack and Discord say "characters"; UTF-16 units are never fewer than code points, so they hold
 * whichever is meant. What escaping adds counts as well. In the first three, what is hidden (see
 * utf8_is_hidden()) and what is not UTF-8 becomes U+FFFD: it neither vanishes nor works. */
enum markup {
    MARKUP_SLACK,   /* entities for & < >. For every text object: plain_text decodes them too */
    MARKUP_DISCORD, /* titles and descriptions of embeds: markdown is escaped */
    MARKUP_DISCORD_PLAIN, /* footers: show no markdown, so a backslash would be seen */
    MARKUP_JSON,          /* exact; counted in bytes as JSON writes it in ASCII */
    MARKUPS,
};

#define MARKUP_BYTES_MAX (32 * 1024)

struct markup_text {
    enum markup markup;
    struct buf buf;
    size_t used;  /* of what the destination counts */
    enum err err; /* the first one; later calls do nothing. ERR_MEMORY, ERR_TOO_LONG */
};

void markup_init(struct markup_text *text, enum markup markup);
void markup_fini(struct markup_text *text); /* fine on a zeroed one */

/* Our own words, as they are, at most 255 bytes: no markup that the destination would see. */
void markup_say(struct markup_text *text, const char *format, ...) ERR_PRINTF(2, 3);

/* Quotes untrusted text in one line (breaks become blanks) or in several. Uses at most max more; if
 * that is not enough the last of it is an ellipsis, and false is returned. */
bool markup_line(struct markup_text *text, const char *untrusted, size_t max);
bool markup_lines(struct markup_text *text, const char *untrusted, size_t max);

/* True if a person would see nothing: Slack refuses a block of that. NULL is blank. */
bool markup_is_blank(const char *untrusted);

#endif
