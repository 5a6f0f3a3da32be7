/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cursor.h"

#include <stdlib.h>
#include <string.h>

/* Before the first transaction. */
#define NOTHING_SEEN "1:1:"

static bool has_form(const char *text) {
    const size_t len = strlen(text);
    return len > 0 && len < CURSOR_BYTES_MAX && strspn(text, "0123456789:,/-") == len;
}

static bool is_number(const char *text) {
    const size_t len = strlen(text);
    return len > 0 && strspn(text, "0123456789") == len;
}

/* Cuts the text at the next c. NULL: there is none. */
static char *cut(char *text, char c) {
    char *at = strchr(text, c);
    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

/* SEEN, or all three parts. */
static bool split(struct cursor *cursor) {
    char *end = cut(cursor->text, '/');
    char *place = end != NULL ? cut(end, '/') : NULL;
    char *id = place != NULL ? cut(place, '-') : NULL;
    if (end == NULL) {
        return true;
    }
    if (id == NULL || !is_number(place) || !is_number(id)) {
        return false;
    }
    cursor->end = end;
    cursor->xact = place;
    cursor->id = id;
    return true;
}

enum err cursor_parse(const char *text, struct cursor *out) {
    const char *used = strcmp(text, CURSOR_START) == 0 ? NOTHING_SEEN : text;
    if (!has_form(used)) {
        return ERR_CONFIG;
    }
    struct cursor cursor = {.text = strdup(used), .xact = "0", .id = "0"};
    if (cursor.text == NULL) {
        abort();
    }
    cursor.seen = cursor.text;
    if (!split(&cursor)) {
        free(cursor.text);
        return ERR_CONFIG;
    }
    *out = cursor;
    return ERR_OK;
}

void cursor_free(struct cursor *cursor) {
    free(cursor->text);
    *cursor = (struct cursor){.text = NULL};
}
