/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flatten.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/importer.h"

#define PATH_BYTES (WIRE_NAME_BYTES_MAX + 2) /* one too many shows that a path is too long */

struct flatten {
    json_t *root;
    size_t n;
    size_t room;
    char **names; /* room of them; those up to n are in use */
    double *values;
    struct leftout *leftout;
};

struct flatten *flatten_new(void) {
    struct flatten *flatten = calloc(1, sizeof *flatten);
    if (flatten == NULL) {
        abort();
    }
    return flatten;
}

void flatten_free(struct flatten *flatten) {
    if (flatten == NULL) {
        return;
    }
    for (size_t i = 0; i < flatten->room; i++) {
        free(flatten->names[i]);
    }
    free(flatten->names);
    free(flatten->values);
    json_decref(flatten->root);
    free(flatten);
}

/* Names keep their memory from row to row. */
static void grow(struct flatten *f) {
    const size_t room = f->room == 0 ? 64 : f->room * 2;
    f->names = reallocarray(f->names, room, sizeof *f->names);
    f->values = reallocarray(f->values, room, sizeof *f->values);
    if (f->names == NULL || f->values == NULL) {
        abort();
    }
    for (; f->room < room; f->room++) {
        f->names[f->room] = malloc(PATH_BYTES);
        if (f->names[f->room] == NULL) {
            abort();
        }
    }
}

static void add(struct flatten *f, const char *name, double value) {
    if (!importer_name_is_good(name)) {
        leftout_add(f->leftout, "names over 255 bytes", name);
        return;
    }
    if (f->n == f->room) {
        grow(f);
    }
    snprintf(f->names[f->n], PATH_BYTES, "%s", name);
    f->values[f->n] = value;
    f->n++;
}

static bool number_of_text(const char *text, double *out) {
    static const struct {
        const char *text;
        double value;
    } forms[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(text, forms[i].text) == 0) {
            *out = forms[i].value;
            return true;
        }
    }
    return false;
}

static void add_leaf(struct flatten *f, const char *name, const json_t *value) {
    double number = 0;
    if (json_is_number(value)) {
        add(f, name, json_number_value(value));
    } else if (json_is_boolean(value)) {
        add(f, name, json_is_true(value) ? 1 : 0);
    } else if (json_is_string(value) && number_of_text(json_string_value(value), &number)) {
        add(f, name, number);
    } else if (!json_is_null(value)) {
        leftout_add(f->leftout, json_is_array(value) ? "lists" : "texts", name);
    }
}

/* An object on the way down, and how far its members are taken. */
struct level {
    json_t *object;
    void *at;
    size_t len; /* of the path before its members */
};

static bool is_inner(const json_t *value) {
    return json_is_object(value) && json_object_get(value, "_type") == NULL;
}

/* Without recursion: depth is a limit of ours, not of the stack. */
static void walk(struct flatten *f) {
    struct level levels[FLATTEN_DEPTH_MAX];
    char path[PATH_BYTES] = "";
    size_t depth = 1;
    levels[0] = (struct level){.object = f->root, .at = json_object_iter(f->root)};
    while (depth > 0) {
        struct level *level = &levels[depth - 1];
        if (level->at == NULL) {
            depth--;
            continue;
        }
        json_t *value = json_object_iter_value(level->at);
        const int n = snprintf(path + level->len, sizeof path - level->len, "%s",
                               json_object_iter_key(level->at));
        level->at = json_object_iter_next(level->object, level->at);
        const size_t len = strlen(path);
        if (!json_is_object(value)) {
            add_leaf(f, path, value);
        } else if (!is_inner(value)) {
            leftout_add(f->leftout, "media", path);
        } else if (depth == FLATTEN_DEPTH_MAX || n < 0 || len + 2 > sizeof path) {
            leftout_add(f->leftout, "objects nested too deep", path);
        } else {
            memcpy(path + len, "/", 2);
            levels[depth] =
                (struct level){.object = value, .at = json_object_iter(value), .len = len + 1};
            depth++;
        }
    }
}

bool flatten_read(struct flatten *f, const char *json, size_t len, struct leftout *leftout) {
    json_decref(f->root);
    f->n = 0;
    f->leftout = leftout;
    f->root =
        len <= FLATTEN_BYTES_MAX ? json_loadb(json, len, JSON_DECODE_INT_AS_REAL, NULL) : NULL;
    if (!json_is_object(f->root)) {
        json_decref(f->root);
        f->root = NULL;
        return false;
    }
    walk(f);
    return true;
}

size_t flatten_n(const struct flatten *f) {
    return f->n;
}

const char *const *flatten_names(const struct flatten *f) {
    return (const char *const *)f->names;
}

const double *flatten_values(const struct flatten *f) {
    return f->values;
}

const char *flatten_text(const struct flatten *f, const char *key) {
    return json_string_value(json_object_get(f->root, key));
}
