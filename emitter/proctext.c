/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/proctext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schema/wire/place.h"

static size_t read_all(int fd, size_t size, char *out) {
    size_t len = 0;
    while (len < size) {
        const ssize_t n = read(fd, out + len, size - len);
        if (n > 0) {
            len += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    return len;
}

bool proctext_load(struct proctext *text, const char *path) {
    char full[PLACE_PATH_BYTES_MAX];
    const int n = snprintf(full, sizeof full, "%s%s", text->root, path);
    text->at = text->bytes;
    text->bytes[0] = '\0';
    if (n < 0 || (size_t)n >= sizeof full) {
        return false;
    }
    const int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return false;
    }
    text->bytes[read_all(fd, sizeof text->bytes - 1, text->bytes)] = '\0';
    close(fd);
    return text->bytes[0] != '\0';
}

char *proctext_line(struct proctext *text) {
    char *line = text->at;
    char *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    text->at = end + 1;
    return line;
}

bool proctext_take(const char **at, uint64_t *out) {
    const char *p = *at + strspn(*at, " \t");
    const char *digits = p;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        const uint64_t digit = (uint64_t)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    if (p == digits) {
        return false;
    }
    *at = p;
    *out = v;
    return true;
}

size_t proctext_numbers(const char *line, size_t skip, size_t n, uint64_t *out) {
    const char *at = line + strspn(line, " \t");
    for (size_t word = 0; word < skip; word++) {
        at += strcspn(at, " \t");
        at += strspn(at, " \t");
    }
    size_t taken = 0;
    while (taken < n && proctext_take(&at, &out[taken])) {
        taken++;
    }
    return taken;
}

bool proctext_number(struct proctext *text, const char *path, uint64_t *out) {
    const char *at = text->bytes;
    return proctext_load(text, path) && proctext_take(&at, out);
}

bool proctext_field(struct proctext *text, const char *path, const char *word, uint64_t *out) {
    const size_t len = strlen(word);
    const char *line;
    if (!proctext_load(text, path)) {
        return false;
    }
    while ((line = proctext_line(text)) != NULL) {
        if (strncmp(line, word, len) == 0 && (line[len] == ' ' || line[len] == '\t')) {
            return proctext_numbers(line, 1, 1, out) == 1;
        }
    }
    return false;
}
