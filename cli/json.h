/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/* Writes one JSON document, piece by piece, so that a million values need no memory. The form is
 * Python's json.dumps(indent=2): two spaces, everything outside ASCII as \uXXXX, one line break at
 * the end; or the same on one line. Numbers pass through as PostgreSQL wrote them: its text of a
 * float8 is the shortest that reads back the same, and numerics keep their digits.
 *
 * The caller nests correctly; a key stands before every value inside { }. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 256 /* what is deeper in embedded text becomes a string */

enum json_form {
    JSON_INDENTED,
    JSON_LINE, /* no line break before the last one */
};

struct json {
    FILE *file; /* borrowed */
    enum json_form form;
    size_t depth;
    bool fresh; /* nothing yet inside the innermost bracket */
    bool keyed; /* a key was written and waits for its value */
    char closers[JSON_DEPTH_MAX];
};

void json_init(struct json *json, FILE *file, enum json_form form);
void json_open(struct json *json, char bracket); /* { or [ */
void json_close(struct json *json);
void json_end(struct json *json); /* everything is closed: the last line break */

void json_key(struct json *json, const char *name);
void json_text(struct json *json, const char *text); /* NULL: null */
/* A key and its text. */
void json_member(struct json *json, const char *key, const char *text);
void json_int(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
/* A number in PostgreSQL's text form; NULL, NaN and the infinities are null. */
void json_number(struct json *json, const char *text);
/* Well-formed JSON text, written again in this document's form; NULL: null. Numbers and the order
 * of keys stay. */
void json_embed(struct json *json, const char *text);
/* The members of the object in the text, into the object that is open. */
void json_embed_members(struct json *json, const char *text);

/* Behind the value that begins at text. */
const char *json_value_end(const char *text);

/* "nan", "inf" or "-inf" for PostgreSQL's text of such a number; NULL for every other. */
const char *json_nonfinite(const char *text);

#endif
