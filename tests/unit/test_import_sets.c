/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/import_sets.h"
#include "emitter/keysets.h"

/* What this side lets through, the library must have room for. */
_Static_assert(IMPORT_SETS_MAX <= KEYSETS_MAX && IMPORT_SETS_BYTES_MAX <= KEYSETS_NAMES_BYTES, "");

static void a_list_is_found_again(void **state) {
    (void)state;
    struct import_sets *sets = import_sets_new();
    const char *const ab[] = {"a", "b"};
    const char *const joined[] = {"ab"};
    struct import_set *first = import_sets_get(sets, WIRE_SERIES_METRIC, 2, ab);
    assert_non_null(first);
    assert_int_equal(first->handle, IMPORT_SETS_UNKNOWN);
    first->handle = 7;
    assert_ptr_equal(import_sets_get(sets, WIRE_SERIES_METRIC, 2, ab), first);
    assert_ptr_not_equal(import_sets_get(sets, WIRE_SERIES_SYSTEM, 2, ab), first);
    assert_ptr_not_equal(import_sets_get(sets, WIRE_SERIES_METRIC, 1, joined), first);
    import_sets_free(sets);
}

static struct import_set *get(struct import_sets *sets, size_t n, unsigned number) {
    char texts[2][16];
    const char *const names[] = {texts[0], texts[1]};
    snprintf(texts[0], sizeof texts[0], "a%u", number);
    snprintf(texts[1], sizeof texts[1], "b%u", number);
    return import_sets_get(sets, WIRE_SERIES_METRIC, n, names);
}

static void lists_of_several_names_take_half_and_single_ones_the_rest(void **state) {
    (void)state;
    struct import_sets *sets = import_sets_new();
    unsigned pairs = 0;
    unsigned singles = 0;
    while (get(sets, 2, pairs) != NULL) {
        pairs++;
    }
    assert_int_equal(pairs, IMPORT_SETS_MAX / 2);
    while (get(sets, 1, singles) != NULL) {
        singles++;
    }
    assert_int_equal(pairs + singles, IMPORT_SETS_MAX);
    assert_non_null(get(sets, 2, pairs - 1)); /* those that are there stay */
    assert_non_null(get(sets, 1, singles - 1));
    import_sets_free(sets);
}

static void names_are_counted_in_bytes(void **state) {
    (void)state;
    static char text[256];
    static const char *names[WIRE_KEYSET_COLUMNS_MAX + 1];
    struct import_sets *sets = import_sets_new();
    memset(text, 'x', 255);
    for (size_t i = 0; i <= WIRE_KEYSET_COLUMNS_MAX; i++) {
        names[i] = text;
    }
    assert_null(import_sets_get(sets, WIRE_SERIES_METRIC, 1100, names)); /* no keyset has 256 KiB */
    assert_non_null(import_sets_get(sets, WIRE_SERIES_METRIC, 1000, names));
    assert_non_null(import_sets_get(sets, WIRE_SERIES_METRIC, 990, names));
    assert_null(import_sets_get(sets, WIRE_SERIES_METRIC, 20, names));
    text[1] = '\0';
    assert_null(import_sets_get(sets, WIRE_SERIES_METRIC, WIRE_KEYSET_COLUMNS_MAX + 1, names));
    assert_non_null(import_sets_get(sets, WIRE_SERIES_METRIC, 1, names));
    import_sets_free(sets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_found_again),
        cmocka_unit_test(lists_of_several_names_take_half_and_single_ones_the_rest),
        cmocka_unit_test(names_are_counted_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
