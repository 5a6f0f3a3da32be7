/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/words.h"

#include <stdlib.h>
#include <string.h>

/* Takes word. */
static void add(struct words *words, char *word) {
    if (word == NULL) {
        abort();
    }
    if (words->n == WORDS_MAX) {
        words->too_many = true;
        free(word);
        return;
    }
    words->list[words->n++] = word;
    words->list[words->n] = NULL;
}

void words_begin(struct words *words, const char *command) {
    *words = (struct words){.n = 0};
    add(words, strdup("tocsin"));
    for (const char *at = command; *at != '\0'; at += strspn(at, " ")) {
        const size_t len = strcspn(at, " ");
        add(words, strndup(at, len));
        at += len;
    }
}

void words_option(struct words *words, const char *name, const char *value) {
    char *word = NULL;
    const int len =
        value == NULL ? asprintf(&word, "--%s", name) : asprintf(&word, "--%s=%s", name, value);
    add(words, len < 0 ? NULL : word);
}

void words_rest(struct words *words) {
    add(words, strdup("--"));
}

void words_argument(struct words *words, const char *text) {
    add(words, strdup(text));
}

void words_fini(struct words *words) {
    for (int i = 0; i < words->n; i++) {
        free(words->list[i]);
    }
    words->n = 0;
}
