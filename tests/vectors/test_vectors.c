/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/vectors/meaning.h"
#include "tests/vectors/reencode.h"

/* Every vector of the folder. One that is good must be what the encoder makes of its meaning and
 * what the encoder makes of its decoded form; so all three are the same. A bad one must be refused
 * for the reason that it names. */

#define TAG_BYTES 5 /* behind the array header */

struct vector {
    char name[256];
    struct buf frame;
    json_t *meaning;
};

static const char *folder;
static struct dirent **entries;
static int entries_n;

static FILE *open_in_folder(const char *name, const char *suffix) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    return file;
}

static int hex_digit(FILE *file) {
    int c = fgetc(file);
    while (c != EOF && isspace(c)) {
        c = fgetc(file);
    }
    const char digit[] = {(char)c, '\0'};
    assert_true(c == EOF || isxdigit(c));
    return c == EOF ? EOF : (int)strtol(digit, NULL, 16);
}

static void read_frame(struct vector *vector) {
    FILE *file = open_in_folder(vector->name, ".hex");
    buf_init(&vector->frame, 2 * WIRE_FRAME_BYTES_MAX);
    for (int high = hex_digit(file); high != EOF; high = hex_digit(file)) {
        const int low = hex_digit(file);
        const uint8_t byte = (uint8_t)(high << 4 | low);
        assert_true(low != EOF);
        assert_int_equal(buf_append(&vector->frame, &byte, 1), ERR_OK);
    }
    fclose(file);
}

static void read_vector(int i, struct vector *out) {
    json_error_t error;
    snprintf(out->name, sizeof out->name, "%s", entries[i]->d_name);
    *strrchr(out->name, '.') = '\0';
    read_frame(out);
    FILE *file = open_in_folder(out->name, ".json");
    out->meaning = json_loadf(file, JSON_ALLOW_NUL, &error);
    fclose(file);
    if (out->meaning == NULL) {
        fail_msg("%s.json line %d: %s", out->name, error.line, error.text);
    }
}

static void free_vector(struct vector *vector) {
    buf_fini(&vector->frame);
    json_decref(vector->meaning);
}

/* In memory of exactly that length, for AddressSanitizer. The copy outlives the call: out borrows
 * it. */
static enum err decode_exact(const struct vector *vector, size_t len, uint8_t **out_copy,
                             struct wire_frame *out) {
    *out_copy = malloc(len > 0 ? len : 1);
    assert_non_null(*out_copy);
    if (len > 0) {
        memcpy(*out_copy, vector->frame.ptr, len);
    }
    return wire_decode(*out_copy, len, out);
}

static void assert_same(const char *name, const struct buf *a, const struct buf *b) {
    if (a->len != b->len || memcmp(a->ptr, b->ptr, a->len) != 0) {
        fail_msg("%s: not the same bytes (%zu and %zu)", name, a->len, b->len);
    }
}

static void check_good(const struct vector *vector) {
    struct buf of_meaning, of_decoded;
    struct wire_frame frame;
    uint8_t *copy;
    buf_init(&of_meaning, WIRE_FRAME_BYTES_MAX);
    buf_init(&of_decoded, WIRE_FRAME_BYTES_MAX);
    if (decode_exact(vector, vector->frame.len, &copy, &frame) != ERR_OK) {
        fail_msg("%s does not decode", vector->name);
    }
    assert_int_equal(reencode_frame(&frame, &of_decoded), ERR_OK);
    assert_int_equal(meaning_encode(vector->meaning, &of_meaning), ERR_OK);
    assert_same(vector->name, &of_meaning, &of_decoded);
    if (!json_is_true(json_object_get(vector->meaning, "wide"))) {
        assert_same(vector->name, &of_meaning, &vector->frame);
    }
    free(copy);
    buf_fini(&of_meaning);
    buf_fini(&of_decoded);
}

/* A frame that was cut is told from junk as soon as its tag is there. */
static void check_every_cut(const struct vector *vector) {
    const uint8_t *tag = memchr(vector->frame.ptr, 0xa4, vector->frame.len);
    const size_t head = (size_t)(tag - vector->frame.ptr) + TAG_BYTES;
    for (size_t len = 0; len < vector->frame.len; len++) {
        struct wire_frame frame;
        uint8_t *copy;
        const enum err err = decode_exact(vector, len, &copy, &frame);
        free(copy);
        if (err != (len < head ? ERR_MAGIC : ERR_TRUNCATED)) {
            fail_msg("%s cut to %zu bytes: %s", vector->name, len, err_text(err));
        }
    }
}

static enum err err_of_name(const char *name) {
    static const struct {
        const char *name;
        enum err err;
    } rows[] = {
#define X(symbol, class, text) {#symbol, symbol},
        ERR_TABLE(X)
#undef X
    };
    for (size_t i = 0; name != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].err;
        }
    }
    return ERR_OK;
}

static void check_bad(const struct vector *vector) {
    struct wire_frame frame;
    uint8_t *copy;
    const enum err want = err_of_name(json_string_value(json_object_get(vector->meaning, "error")));
    const enum err err = decode_exact(vector, vector->frame.len, &copy, &frame);
    free(copy);
    if (want == ERR_OK || err != want) {
        fail_msg("%s: %s, should be: %s", vector->name, err_text(err), err_text(want));
    }
}

static bool is_bad(const struct vector *vector) {
    return strncmp(vector->name, "bad_", 4) == 0;
}

static int check_all(bool bad, void (*check)(const struct vector *vector)) {
    int n = 0;
    for (int i = 0; i < entries_n; i++) {
        struct vector vector;
        read_vector(i, &vector);
        if (is_bad(&vector) == bad) {
            check(&vector);
            n++;
        }
        free_vector(&vector);
    }
    return n;
}

static void good_ones_decode_and_encode(void **state) {
    (void)state;
    assert_true(check_all(false, check_good) > 0);
}

static void good_ones_cut_anywhere_are_refused(void **state) {
    (void)state;
    assert_true(check_all(false, check_every_cut) > 0);
}

static void bad_ones_are_refused_for_their_reason(void **state) {
    (void)state;
    assert_true(check_all(true, check_bad) > 0);
}

static int is_hex(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".hex") == 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_decode_and_encode),
        cmocka_unit_test(good_ones_cut_anywhere_are_refused),
        cmocka_unit_test(bad_ones_are_refused_for_their_reason),
    };
    folder = argc == 2 ? argv[1] : ".";
    entries_n = scandir(folder, &entries, is_hex, alphasort);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int i = 0; i < entries_n; i++) {
        free(entries[i]);
    }
    free(entries);
    return failed;
}
