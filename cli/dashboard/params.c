/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/params.h"

#include <string.h>

#include "schema/wire/utf8.h"

static bool is_text(const char *text, size_t bytes) {
    return strlen(text) == bytes && str_is_text(str_of(text));
}

void params_add(struct params *params, const char *name, size_t name_bytes, const char *value,
                size_t value_bytes) {
    const char *given = value != NULL ? value : "";
    params->bytes += name_bytes + value_bytes;
    if (params->n == PARAMS_MAX || params->bytes > PARAMS_BYTES_MAX) {
        params->problem = "There are too many parameters.";
    } else if (!is_text(name, name_bytes) || !is_text(given, value != NULL ? value_bytes : 0)) {
        params->problem = "A parameter is not UTF-8, or has a NUL in it.";
    } else {
        params->list[params->n++] = (struct param){name, given};
    }
}

const char *params_get(const struct params *params, const char *name) {
    return params_nth(params, name, 0);
}

const char *params_nth(const struct params *params, const char *name, int i) {
    for (int at = 0; at < params->n; at++) {
        if (strcmp(params->list[at].name, name) == 0 && i-- == 0) {
            return params->list[at].value;
        }
    }
    return NULL;
}
