/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "emitter/endpoints.h"

static void one_of_each_kind_is_taken(void **state) {
    (void)state;
    static const char *const good[] = {
        "ipc:///run/tocsin/ingest.sock",
        "tcp://127.0.0.1:7077",
        "tcp://collector.example.org:1",
        "tcp://[::1]:65535",
        " tcp://h:1 ",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct endpoints endpoints;
        struct why why = {""};
        assert_int_equal(endpoints_parse(good[i], 1, &endpoints, &why), ERR_OK);
        assert_int_equal(endpoints.n, 1);
        assert_null(strchr(endpoints.text[0], ' '));
    }
}

static void what_libzmq_would_retry_for_ever_is_refused_with_a_sentence(void **state) {
    (void)state;
    static const struct {
        const char *list;
        const char *says;
    } bad[] = {
        {"", "is not an endpoint"},
        {",", "is not an endpoint"},
        {"tcp://h:1,", "is not an endpoint"},
        {"localhost:7077", "write ipc:///path"},
        {"http://h:1", "is not an endpoint"},
        {"tcp://h", "is not an endpoint"},
        {"tcp://:1", "is not an endpoint"},
        {"tcp://h:", "is not an endpoint"},
        {"tcp://h:0", "is not an endpoint"},
        {"tcp://h:99999", "is not an endpoint"},
        {"tcp://h:-1", "is not an endpoint"},
        {"tcp://h:7 7", "commas"},
        {"tcp://h:7x", "is not an endpoint"},
        {"tcp://[::1:7", "is not an endpoint"},
        {"tcp://::1]:7", "is not an endpoint"},
        {"ipc://relative/path", "is not an endpoint"},
        {"ipc://", "is not an endpoint"},
        {"tcp://h:1 tcp://h:2", "commas"},
        {"ipc:///" /* one byte more than a socket's path may have */
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "x"
         "xxxxxxxxxxxxxxxxx",
         "under 108 bytes"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct endpoints endpoints = {.n = 77};
        struct why why = {""};
        assert_int_equal(endpoints_parse(bad[i].list, 1, &endpoints, &why), ERR_CONFIG);
        assert_non_null(strstr(why.text, bad[i].says));
        assert_int_equal(endpoints.n, 77);
    }
}

static size_t list_of(size_t n, char *out, size_t size) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        used += (size_t)snprintf(out + used, size - used, "%stcp://h:%zu", i ? ", " : "", i + 1);
    }
    return used;
}

static void sixteen_are_taken_and_one_more_is_not(void **state) {
    (void)state;
    struct endpoints endpoints;
    struct why why = {""};
    char list[1024];
    list_of(ENDPOINTS_MAX, list, sizeof list);
    assert_int_equal(endpoints_parse(list, 1, &endpoints, &why), ERR_OK);
    assert_int_equal(endpoints.n, ENDPOINTS_MAX);
    list_of(ENDPOINTS_MAX + 1, list, sizeof list);
    assert_int_equal(endpoints_parse(list, 1, &endpoints, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "more than 16"));
}

static void a_very_long_endpoint_is_refused(void **state) {
    (void)state;
    struct endpoints endpoints;
    struct why why = {""};
    char list[2 * ENDPOINTS_BYTES_MAX];
    snprintf(list, sizeof list, "tcp://%0*d:1", ENDPOINTS_BYTES_MAX, 0);
    assert_int_equal(endpoints_parse(list, 1, &endpoints, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "longer than"));
}

static void all_ranks_of_a_run_choose_the_same_and_runs_spread(void **state) {
    (void)state;
    enum { RUNS = 400 };
    size_t first[4] = {0};
    for (uint64_t run_id = 0; run_id < RUNS; run_id++) {
        struct endpoints a;
        struct endpoints b;
        struct why why = {""};
        const uint64_t id = run_id * UINT64_C(0x9e3779b97f4a7c15) >> 1;
        assert_int_equal(endpoints_parse("tcp://h:1,tcp://h:2,tcp://h:3,tcp://h:4", id, &a, &why),
                         ERR_OK);
        assert_int_equal(
            endpoints_parse("tcp://h:4, tcp://h:2, tcp://h:1, tcp://h:3", id, &b, &why), ERR_OK);
        assert_int_equal(a.n, 4);
        for (size_t i = 0; i < a.n; i++) {
            assert_string_equal(a.text[i], b.text[i]);
        }
        first[a.text[0][strlen("tcp://h:")] - '1']++;
    }
    for (int i = 0; i < 4; i++) {
        assert_in_range(first[i], RUNS / 8, RUNS / 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_each_kind_is_taken),
        cmocka_unit_test(what_libzmq_would_retry_for_ever_is_refused_with_a_sentence),
        cmocka_unit_test(sixteen_are_taken_and_one_more_is_not),
        cmocka_unit_test(a_very_long_endpoint_is_refused),
        cmocka_unit_test(all_ranks_of_a_run_choose_the_same_and_runs_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
