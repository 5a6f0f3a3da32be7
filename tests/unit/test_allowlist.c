/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/allowlist.h"
#include "collector/zap.h"

#define KEYS 1000

/* A public key of its own for each number; not in the order of the numbers. */
static struct allowlist_key key_of(uint64_t key_id) {
    struct allowlist_key key = {.key_id = key_id, .revoked = key_id % 10 == 0};
    snprintf(key.public_key, sizeof key.public_key, "%04u%036u", (unsigned)(key_id * 7919 % 9973),
             (unsigned)key_id);
    return key;
}

static struct allowlist *filled(void) {
    static struct allowlist_key keys[KEYS];
    struct allowlist *list = allowlist_new();
    for (uint64_t i = 0; i < KEYS; i++) {
        keys[i] = key_of(KEYS - i);
    }
    allowlist_set(list, KEYS, keys);
    return list;
}

static void every_key_is_found_both_ways(void **state) {
    (void)state;
    struct allowlist *list = filled();
    for (uint64_t i = 1; i <= KEYS; i++) {
        const struct allowlist_key want = key_of(i);
        struct allowlist_key got;
        assert_true(allowlist_find(list, i, &got));
        assert_string_equal(got.public_key, want.public_key);
        assert_true(allowlist_find_public(list, want.public_key, &got));
        assert_int_equal(got.key_id, i);
        assert_int_equal(got.revoked, want.revoked);
    }
    allowlist_free(list);
}

static void what_is_not_there_is_not_found(void **state) {
    (void)state;
    struct allowlist_key got = {.key_id = 99};
    struct allowlist *list = allowlist_new();
    assert_false(allowlist_find(list, 1, &got));
    assert_false(allowlist_find_public(list, key_of(1).public_key, &got));
    allowlist_free(list);
    list = filled();
    assert_false(allowlist_find(list, 0, &got));
    assert_false(allowlist_find(list, KEYS + 1, &got));
    assert_false(allowlist_find_public(list, "", &got));
    assert_false(allowlist_find_public(list, key_of(KEYS + 1).public_key, &got));
    assert_int_equal(got.key_id, 99);
    allowlist_set(list, 0, NULL);
    assert_false(allowlist_find(list, 1, &got));
    allowlist_free(list);
}

static void expect(struct allowlist *list, const char *domain, const char *mechanism,
                   const char *public_key, const char *status, uint64_t key_id) {
    const struct zap_verdict verdict = zap_judge(list, domain, mechanism, public_key);
    assert_string_equal(verdict.status, status);
    assert_int_equal(verdict.key_id, key_id);
}

static void only_a_listed_key_over_curve_is_admitted(void **state) {
    (void)state;
    struct allowlist *list = filled();
    const struct allowlist_key good = key_of(3);
    const struct allowlist_key revoked = key_of(10);
    const struct allowlist_key unknown = key_of(KEYS + 1);
    expect(list, ZAP_KEYS, "CURVE", good.public_key, "200", 3);
    expect(list, ZAP_KEYS, "CURVE", revoked.public_key, "400", 0);
    expect(list, ZAP_KEYS, "CURVE", unknown.public_key, "400", 0);
    expect(list, ZAP_KEYS, "CURVE", NULL, "400", 0);
    expect(list, ZAP_KEYS, "NULL", NULL, "400", 0);
    expect(list, ZAP_KEYS, "PLAIN", good.public_key, "400", 0);
    expect(list, ZAP_KEYS, "", good.public_key, "400", 0);
    expect(list, "", "CURVE", good.public_key, "400", 0);
    expect(list, "other", "CURVE", good.public_key, "400", 0);
    allowlist_free(list);
}

static void a_socket_file_has_no_key(void **state) {
    (void)state;
    struct allowlist *list = filled();
    expect(list, ZAP_LOCAL, "NULL", NULL, "200", 0);
    expect(list, ZAP_LOCAL, "PLAIN", NULL, "400", 0);
    expect(list, "", "NULL", NULL, "400", 0);
    allowlist_free(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_found_both_ways),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(only_a_listed_key_over_curve_is_admitted),
        cmocka_unit_test(a_socket_file_has_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
