/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/who.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_name(const char *text) {
    return text != NULL && text[0] != '\0' && strlen(text) <= WIRE_NAME_BYTES_MAX &&
           str_is_text(str_of(text));
}

void who_find(char out[WIRE_NAME_BYTES_MAX + 1]) {
    const char *name = getenv("USER");
    if (!is_name(name)) {
        const struct passwd *entry = getpwuid(getuid());
        name = entry != NULL ? entry->pw_name : NULL;
    }
    if (is_name(name)) {
        snprintf(out, WIRE_NAME_BYTES_MAX + 1, "%s", name);
    } else {
        snprintf(out, WIRE_NAME_BYTES_MAX + 1, "uid %u", (unsigned)getuid());
    }
}
