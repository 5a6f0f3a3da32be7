/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/keysets.h"

static struct keysets_area *area;

static int make(void **state) {
    area = calloc(1, sizeof *area);
    assert_non_null(area);
    *state = keysets_new(area);
    assert_non_null(*state);
    return 0;
}

static int drop(void **state) {
    keysets_free(*state);
    free(area);
    return 0;
}

static uint32_t add(struct keysets *keysets, enum wire_series kind, size_t n,
                    const char *const *names) {
    uint32_t handle = UINT32_MAX;
    assert_int_equal(keysets_add(keysets, kind, n, names, &handle), ERR_OK);
    return handle;
}

static void the_same_names_are_the_same_keyset(void **state) {
    const char *const names[] = {"loss", "norm"};
    char loss[] = "loss"; /* the text counts, not where it is */
    char norm[] = "norm";
    const char *const copies[] = {loss, norm};
    uint32_t found = UINT32_MAX;
    const uint32_t handle = add(*state, WIRE_SERIES_METRIC, 2, names);
    assert_int_equal(add(*state, WIRE_SERIES_METRIC, 2, copies), handle);
    assert_true(keysets_find(*state, keysets_id(WIRE_SERIES_METRIC, 2, copies), &found));
    assert_int_equal(found, handle);
    assert_int_equal(area->n, 1);
}

static void order_kind_number_and_borders_of_names_count(void **state) {
    const char *const lists[][3] = {
        {"a", "b", ""},  {"b", "a", ""},  {"ab", "", ""},  {"a", "", ""},
        {"a", "b", "c"}, {"ab", "c", ""}, {"a", "bc", ""},
    };
    const size_t lengths[] = {2, 2, 1, 1, 3, 2, 2};
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(add(*state, WIRE_SERIES_METRIC, lengths[i], lists[i]), n++);
        assert_int_equal(add(*state, WIRE_SERIES_SYSTEM, lengths[i], lists[i]), n++);
    }
    assert_int_equal(area->n, n);
}

static void the_names_are_copied_and_come_back(void **state) {
    char first[256];
    memset(first, 'x', 255);
    first[255] = '\0';
    const char *const names[] = {first, "zwölf"};
    struct str back[2];
    const uint32_t handle = add(*state, WIRE_SERIES_SYSTEM, 2, names);
    memset(first, 'y', 255);
    const struct keysets_entry *entry = keysets_get(*state, handle);
    assert_non_null(entry);
    assert_int_equal(entry->columns, 2);
    assert_int_equal(entry->kind, WIRE_SERIES_SYSTEM);
    keysets_names(*state, entry, back);
    assert_int_equal(back[0].len, 255);
    assert_int_equal(back[0].ptr[254], 'x');
    assert_true(str_equal(back[1], str_of("zwölf")));
}

static void a_handle_that_was_never_given_out_has_no_entry(void **state) {
    const char *const names[] = {"a"};
    const uint32_t handle = add(*state, WIRE_SERIES_METRIC, 1, names);
    assert_non_null(keysets_get(*state, handle));
    assert_null(keysets_get(*state, handle + 1));
    assert_null(keysets_get(*state, UINT32_MAX));
}

static void the_last_keyset_fits_and_one_more_does_not(void **state) {
    char name[16];
    const char *const names[] = {name};
    uint32_t handle = UINT32_MAX;
    for (uint32_t i = 0; i < KEYSETS_MAX; i++) {
        snprintf(name, sizeof name, "m%u", i);
        assert_int_equal(add(*state, WIRE_SERIES_METRIC, 1, names), i);
    }
    assert_int_equal(keysets_add(*state, WIRE_SERIES_SYSTEM, 1, names, &handle), ERR_TOO_LONG);
    assert_int_equal(handle, UINT32_MAX);
    for (uint32_t i = 0; i < KEYSETS_MAX; i++) { /* every one is still found */
        snprintf(name, sizeof name, "m%u", i);
        assert_true(keysets_find(*state, keysets_id(WIRE_SERIES_METRIC, 1, names), &handle));
        assert_int_equal(handle, i);
    }
}

static void names_beyond_the_room_are_refused_and_write_nothing(void **state) {
    static char texts[1024][256];
    const char *names[1024];
    uint32_t handle;
    enum err err = ERR_OK;
    for (int i = 0; i < 1024; i++) {
        memset(texts[i], 'x', 255);
        names[i] = texts[i];
    }
    for (int list = 0; err == ERR_OK; list++) {
        assert_true(list < 16);
        for (int i = 0; i < 1024; i++) {
            texts[i][0] = (char)('a' + list);
        }
        const uint32_t n = area->n;
        err = keysets_add(*state, WIRE_SERIES_METRIC, 1024, names, &handle);
        assert_true(err == ERR_OK || area->n == n);
    }
    assert_int_equal(err, ERR_TOO_LONG);
    assert_int_equal(area->n, KEYSETS_NAMES_BYTES / (1024 * 256));
    assert_true(area->names_bytes <= KEYSETS_NAMES_BYTES);
}

/* All threads add the same lists at once: each list gets one handle. */
#define THREADS 4
#define LISTS   1000

static void *add_all(void *context) {
    char name[16];
    const char *const names[] = {name};
    static _Thread_local uint32_t handles[LISTS];
    for (uint32_t i = 0; i < LISTS; i++) {
        snprintf(name, sizeof name, "m%u", i);
        if (keysets_add(context, WIRE_SERIES_METRIC, 1, names, &handles[i]) != ERR_OK ||
            keysets_get(context, handles[i]) == NULL ||
            keysets_get(context, handles[i])->id != keysets_id(WIRE_SERIES_METRIC, 1, names)) {
            return "a handle leads to another list";
        }
    }
    return NULL;
}

static void threads_that_add_the_same_get_the_same(void **state) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_all, *state), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *wrong = "not joined";
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(area->n, LISTS);
}

static void a_new_producer_has_defined_nothing(void **state) {
    const char *const names[] = {"a"};
    const uint32_t handle = add(*state, WIRE_SERIES_METRIC, 1, names);
    assert_int_equal(keysets_get(*state, handle)->first_seq, 0);
    keysets_define(*state, handle, 7);
    assert_int_equal(keysets_get(*state, handle)->first_seq, 7);
    keysets_define_again(*state);
    assert_int_equal(keysets_get(*state, handle)->first_seq, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_same_names_are_the_same_keyset),
        TEST(order_kind_number_and_borders_of_names_count),
        TEST(the_names_are_copied_and_come_back),
        TEST(a_handle_that_was_never_given_out_has_no_entry),
        TEST(the_last_keyset_fits_and_one_more_does_not),
        TEST(names_beyond_the_room_are_refused_and_write_nothing),
        TEST(threads_that_add_the_same_get_the_same),
        TEST(a_new_producer_has_defined_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
