/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_HOSTILE_H
#define TESTS_UNIT_HOSTILE_H

/* Texts that want to be more than text in a chat, and a reader for each destination that finds what
 * would be. The readers know nothing of the code under test: they follow what Slack and Discord
 * document, and where a server might be simpler than that, the simpler reading. */

#include <stdbool.h>
#include <stddef.h>

#define HOSTILE_TEXTS_MIN 150
#define HOSTILE_BYTES_MAX 40000

size_t hostile_count(void);
/* The i-th text; it is in the buffer, which the next call overwrites. */
const char *hostile_text(size_t i);

/* Each returns where something live begins, or NULL: a mention, a link, a special sequence of
 * "<...>", an emoji that is a picture, markdown, a control character, one that is not seen. */
const char *hostile_in_slack(const char *text);         /* plain_text, and text for notifications */
const char *hostile_in_discord(const char *text);       /* title and description of an embed */
const char *hostile_in_discord_plain(const char *text); /* footer */

/* Length in UTF-16 units; the text must be UTF-8. */
size_t hostile_units(const char *text);

#endif
