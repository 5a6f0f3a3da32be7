/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

/* Stored text is hostile: names, titles and configurations come from any training process. text_put
 * stands between such text and every terminal and every TSV line. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Writes text so that it is one line and cannot steer a terminal: \t \n \r \\ as escapes, other
 * control characters (C0, DEL, C1), direction overrides, line separators and invisible marks as
 * \xNN or \u{N}, bytes that are not UTF-8 as \xNN. Reversible. */
void text_put(FILE *file, const char *text);
/* The same into fresh memory (gives; free() it). Aborts when memory is out. */
char *text_clean(const char *text);
/* The first code point of text (not empty) and its length in bytes; 0: not UTF-8. */
size_t text_point(const char *text, uint32_t *out_point);
/* How many bytes from here on are printable ASCII and none of not_plain: most of most texts. */
size_t text_plain(const char *text, const char *not_plain);

#endif
