/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shape.h"

#include <stdlib.h>
#include <string.h>

#define KEY_BYTES_MAX 64
#define DELIMITERS    " ,:?*[]{}"

static const struct {
    const char *name, *type, *format;
} bases[] = {
    {"text", "string", NULL},  {"int", "integer", NULL},        {"number", "number", NULL},
    {"bool", "boolean", NULL}, {"time", "string", "date-time"}, {"any", NULL, NULL},
};

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " ");
}

static const char *expect(const char *at, char c) {
    at = skip_blanks(at);
    if (*at != c) {
        abort();
    }
    return skip_blanks(at + 1);
}

/* Behind the type that begins at `at`, its question mark included. */
static const char *type_end(const char *at) {
    int depth = 0;
    do {
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (depth > 0 || (*at != '\0' && strchr(",]}? ", *at) == NULL));
    return at + (*at == '?');
}

static void put_type(struct json *json, const char *type, bool nullable) {
    json_key(json, "type");
    if (!nullable) {
        json_text(json, type);
        return;
    }
    json_open(json, '[');
    json_text(json, type);
    json_text(json, "null");
    json_close(json);
}

static void put_base(struct json *json, const char *at, size_t len, bool nullable) {
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (strlen(bases[i].name) != len || memcmp(bases[i].name, at, len) != 0) {
            continue;
        }
        if (bases[i].type != NULL) {
            put_type(json, bases[i].type, nullable);
        }
        if (bases[i].format != NULL) {
            json_key(json, "format");
            json_text(json, bases[i].format);
        }
        return;
    }
    abort();
}

struct member {
    char key[KEY_BYTES_MAX];
    bool optional;
    const char *type;
    const char *next; /* the member behind it, or the closing bracket */
};

static struct member read_member(const char *at) {
    struct member member = {.optional = false};
    const size_t len = *at == '*' ? 1 : strcspn(at, DELIMITERS);
    if (len == 0 || len >= sizeof member.key) {
        abort();
    }
    memcpy(member.key, at, len);
    at += len;
    member.optional = *at == '?' || member.key[0] == '*';
    member.type = expect(at + (*at == '?'), ':');
    at = skip_blanks(type_end(member.type));
    member.next = *at == ',' ? skip_blanks(at + 1) : at;
    return member;
}

static void put_required(struct json *json, const char *at) {
    json_key(json, "required");
    json_open(json, '[');
    while (*at != '}') {
        const struct member member = read_member(at);
        if (!member.optional) {
            json_text(json, member.key);
        }
        at = member.next;
    }
    json_close(json);
}

static void put_named(struct json *json, const char *at) {
    json_key(json, "properties");
    json_open(json, '{');
    while (*at != '}') {
        const struct member member = read_member(at);
        if (member.key[0] != '*') {
            json_key(json, member.key);
            shape_put_schema(json, member.type);
        }
        at = member.next;
    }
    json_close(json);
}

static void put_rest(struct json *json, const char *at) {
    while (*at != '}') {
        const struct member member = read_member(at);
        if (member.key[0] == '*') {
            json_key(json, "additionalProperties");
            shape_put_schema(json, member.type);
        }
        at = member.next;
    }
}

void shape_put_schema(struct json *json, const char *notation) {
    const char *at = skip_blanks(notation);
    const char *end = type_end(at);
    const bool nullable = end[-1] == '?';
    json_open(json, '{');
    if (*at == '[') {
        put_type(json, "array", nullable);
        json_key(json, "items");
        shape_put_schema(json, expect(at, '['));
    } else if (*at == '{') {
        put_type(json, "object", nullable);
        put_named(json, expect(at, '{'));
        put_required(json, expect(at, '{'));
        put_rest(json, expect(at, '{'));
    } else {
        put_base(json, at, (size_t)(end - at) - nullable, nullable);
    }
    json_close(json);
}
