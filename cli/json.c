/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

static void put_line(const struct json *json) {
    if (json->form == JSON_LINE) {
        return;
    }
    fputc('\n', json->file);
    for (size_t i = 0; i < json->depth; i++) {
        fputs("  ", json->file);
    }
}

/* What stands before a key or an array's item. */
static void put_separator(struct json *json) {
    if (!json->fresh) {
        fputs(json->form == JSON_LINE ? ", " : ",", json->file);
    }
    if (json->depth > 0) {
        put_line(json);
    }
    json->fresh = false;
}

static void before_value(struct json *json) {
    if (!json->keyed) {
        put_separator(json);
    }
    json->keyed = false;
}

static void put_unicode(FILE *file, uint32_t point) {
    if (point >= 0x10000) {
        point -= 0x10000;
        fprintf(file, "\\u%04x", (unsigned)(0xd800 + (point >> 10)));
        point = 0xdc00 + (point & 0x3ff);
    }
    fprintf(file, "\\u%04x", (unsigned)point);
}

static void put_point(FILE *file, uint32_t point) {
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char escape[] = "\"\\bfnrt";
    const char *found = point < 0x80 && point != 0 ? strchr(plain, (int)point) : NULL;
    if (found != NULL) {
        fputc('\\', file);
        fputc(escape[found - plain], file);
    } else if (point < 0x20 || point > 0x7e) {
        put_unicode(file, point);
    } else {
        fputc((int)point, file);
    }
}

static void put_string(FILE *file, const char *text) {
    fputc('"', file);
    while (*text != '\0') {
        uint32_t point = 0;
        size_t len = text_plain(text, "\"\\");
        if (len > 0) {
            fwrite(text, 1, len, file);
        } else if ((len = text_point(text, &point)) > 0) {
            put_point(file, point);
        } else { /* only arguments of the command line can be other than UTF-8 */
            put_point(file, 0xfffd);
            len = 1;
        }
        text += len;
    }
    fputc('"', file);
}

void json_init(struct json *json, FILE *file, enum json_form form) {
    *json = (struct json){.file = file, .form = form, .fresh = true};
}

void json_open(struct json *json, char bracket) {
    assert(json->depth < JSON_DEPTH_MAX);
    before_value(json);
    fputc(bracket, json->file);
    json->closers[json->depth++] = bracket == '{' ? '}' : ']';
    json->fresh = true;
}

void json_close(struct json *json) {
    assert(json->depth > 0 && !json->keyed);
    json->depth--;
    if (!json->fresh) {
        put_line(json);
    }
    fputc(json->closers[json->depth], json->file);
    json->fresh = false;
}

void json_end(struct json *json) {
    assert(json->depth == 0);
    fputc('\n', json->file);
}

void json_key(struct json *json, const char *name) {
    put_separator(json);
    put_string(json->file, name);
    fputs(": ", json->file);
    json->keyed = true;
}

static void put_plain(struct json *json, const char *text, size_t len) {
    before_value(json);
    fwrite(text, 1, len, json->file);
}

void json_text(struct json *json, const char *text) {
    if (text == NULL) {
        put_plain(json, "null", 4);
        return;
    }
    before_value(json);
    put_string(json->file, text);
}

void json_member(struct json *json, const char *key, const char *text) {
    json_key(json, key);
    json_text(json, text);
}

void json_int(struct json *json, int64_t number) {
    before_value(json);
    fprintf(json->file, "%" PRId64, number);
}

void json_bool(struct json *json, bool value) {
    put_plain(json, value ? "true" : "false", value ? 4 : 5);
}

void json_number(struct json *json, const char *text) {
    if (text == NULL || json_nonfinite(text) != NULL) {
        put_plain(json, "null", 4);
        return;
    }
    put_plain(json, text, strlen(text));
}

const char *json_nonfinite(const char *text) {
    static const char *const names[][2] = {
        {"NaN", "nan"}, {"Infinity", "inf"}, {"-Infinity", "-inf"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return NULL;
}

/* The end of the string that starts (with its quote) at text. */
static const char *string_end(const char *text) {
    for (text++; *text != '\0' && *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
    }
    return *text == '"' ? text + 1 : text;
}

/* A string as it stands in JSON text: its escapes stay, what is not ASCII becomes an escape. */
static void put_escaped(FILE *file, const char *from, const char *to) {
    while (from < to) {
        uint32_t point = 0;
        const size_t len = text_point(from, &point);
        if (len > 1 || *from == 0x7f) {
            put_unicode(file, point);
        } else {
            fputc(len == 0 ? '?' : *from, file);
        }
        from += len == 0 ? 1 : len;
    }
}

static const char *embed_string(struct json *json, const char *text) {
    const char *end = string_end(text);
    const bool is_key = json->depth > 0 && json->closers[json->depth - 1] == '}' && !json->keyed;
    if (is_key) {
        put_separator(json);
    } else {
        before_value(json);
    }
    put_escaped(json->file, text, end);
    if (is_key) {
        fputs(": ", json->file);
        json->keyed = true;
    }
    return end;
}

/* The end of the bracket that opens at text. */
static const char *bracket_end(const char *text) {
    size_t depth = 0;
    while (*text != '\0') {
        if (*text == '"') {
            text = string_end(text);
            continue;
        }
        depth += *text == '{' || *text == '[';
        depth -= *text == '}' || *text == ']';
        text++;
        if (depth == 0) {
            break;
        }
    }
    return text;
}

const char *json_value_end(const char *text) {
    switch (*text) {
    case '"':
        return string_end(text);
    case '{':
    case '[':
        return bracket_end(text);
    default:
        return text + strcspn(text, " \t\n\r,:{}[]\"");
    }
}

static const char *embed_open(struct json *json, const char *text) {
    if (json->depth < JSON_DEPTH_MAX) {
        json_open(json, *text);
        return text + 1;
    }
    const char *end = bracket_end(text);
    char *deep = strndup(text, (size_t)(end - text));
    if (deep == NULL) {
        abort();
    }
    json_text(json, deep);
    free(deep);
    return end;
}

static const char *embed_token(struct json *json, const char *text) {
    switch (*text) {
    case '{':
    case '[':
        return embed_open(json, text);
    case '}':
    case ']':
        json_close(json);
        return text + 1;
    case '"':
        return embed_string(json, text);
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ':':
        return text + 1;
    default: {
        const size_t len = strcspn(text, " \t\n\r,:{}[]\""); /* a number or a word */
        put_plain(json, text, len);
        return text + len;
    }
    }
}

void json_embed(struct json *json, const char *text) {
    if (text == NULL) {
        json_text(json, NULL);
        return;
    }
    while (*text != '\0') {
        text = embed_token(json, text);
    }
}

void json_embed_members(struct json *json, const char *text) {
    const size_t depth = json->depth;
    for (text += strspn(text, " \t\n\r{"); *text != '\0';) {
        if (*text == '}' && json->depth == depth) {
            return;
        }
        text = embed_token(json, text);
    }
}
