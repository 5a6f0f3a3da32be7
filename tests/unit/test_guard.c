/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "collector/notify/guard.h"

static const struct guard none = {.n = 0};

static enum err judge(const struct guard *guard, const char *address, uint16_t port,
                      struct why *why) {
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        return guard_judge(guard, (struct sockaddr *)&in, sizeof in, why);
    }
    assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
    return guard_judge(guard, (struct sockaddr *)&in6, sizeof in6, why);
}

static void expect(const char *allowed, const char *address, uint16_t port, bool passes) {
    struct guard guard;
    struct why why = {""};
    if (guard_parse(allowed, &guard, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    if (judge(&guard, address, port, &why) != (passes ? ERR_OK : ERR_ADDRESS)) {
        fail_msg("allowed: '%s'; %s port %u should%s pass", allowed, address, port,
                 passes ? "" : " not");
    }
}

static const struct {
    const char *address;
    bool passes;
} vectors[] = {
#define X(address, passes) {address, passes},
#include "tests/unit/guard_vectors.def"
#undef X
};

#define VECTORS (sizeof vectors / sizeof *vectors)

static void it_agrees_with_pythons_ipaddress(void **state) {
    (void)state;
    assert_true(VECTORS >= 200);
    for (size_t i = 0; i < VECTORS; i++) {
        const enum err err = judge(&none, vectors[i].address, 443, NULL);
        if (err != (vectors[i].passes ? ERR_OK : ERR_ADDRESS)) {
            fail_msg("%s should%s pass", vectors[i].address, vectors[i].passes ? "" : " not");
        }
    }
}

static void a_refusal_says_the_class_and_how_to_allow_it(void **state) {
    (void)state;
    static const struct {
        const char *address, *class;
    } rows[] = {
        {"10.1.2.3", "a private address"},
        {"127.0.0.1", "a loopback address"},
        {"::1", "a loopback address"},
        {"169.254.169.254", "a link-local address"},
        {"::ffff:169.254.169.254", "a link-local address"},
        {"64:ff9b::10.0.0.1", "a private address"},
        {"2002:808:808::1", "a reserved address"},
        {"fd00:ec2::254", "a private address"},
        {"ff02::1", "a multicast address"},
        {"2001:db8::1", "a documentation address"},
        {"4000::1", "a reserved address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why why;
        assert_int_equal(judge(&none, rows[i].address, 443, &why), ERR_ADDRESS);
        assert_ptr_equal(strstr(why.text, rows[i].class), why.text);
        assert_non_null(strstr(why.text, "webhook_allow"));
        assert_null(strstr(why.text, rows[i].address));
    }
}

static void what_is_allowed_passes_and_its_neighbours_do_not(void **state) {
    (void)state;
    expect("10.1.2.3", "10.1.2.3", 443, true);
    expect("10.1.2.3", "10.1.2.4", 443, false);
    expect("10.0.0.0/8", "10.255.255.255", 1, true);
    expect("10.0.0.0/8", "11.0.0.0", 443, true); /* public anyway */
    expect("172.16.0.0/13", "172.23.255.255", 443, true);
    expect("172.16.0.0/13", "172.24.0.0", 443, false);
    expect("0.0.0.0/0", "127.0.0.1", 443, true);
    expect("fd00::/8", "fd12::1", 443, true);
    expect("fd00::/8", "fc00::1", 443, false);
    expect("::1", "::1", 443, true);
    expect("::1/128", "::2", 443, false);
    expect("fe80::/10 , 192.168.0.0/16\t127.0.0.1\n", "127.0.0.1", 80, true);
    expect("fe80::/10 , 192.168.0.0/16\t127.0.0.1\n", "192.168.3.4", 80, true);
    expect("", "127.0.0.1", 80, false);
    expect(" ,, ", "127.0.0.1", 80, false);
}

static void a_port_limits_what_is_allowed(void **state) {
    (void)state;
    expect("127.0.0.1:8080", "127.0.0.1", 8080, true);
    expect("127.0.0.1:8080", "127.0.0.1", 8081, false);
    expect("[::1]:8443", "::1", 8443, true);
    expect("[::1]:8443", "::1", 443, false);
    expect("10.0.0.0/8:443", "10.9.9.9", 443, true);
    expect("10.0.0.0/8:443", "10.9.9.9", 22, false);
    expect("[fd00::]/8:443", "fd00::1", 443, true);
    expect("[fd00::]/8", "fd00::1", 22, true);
    expect("127.0.0.1:65535", "127.0.0.1", 65535, true);
}

static void a_disguise_is_allowed_by_the_address_in_it(void **state) {
    (void)state;
    expect("10.0.0.0/8", "::ffff:10.0.0.1", 443, true);
    expect("::ffff:10.0.0.0/104", "10.0.0.1", 443, true);
    expect("10.0.0.0/8", "64:ff9b::10.0.0.1", 443, true);
    expect("2002::/16", "2002:a00:1::", 443, false);
    expect("2002::/16 10.0.0.0/8", "2002:a00:1::", 443, true);
    expect("64:ff9b::/96", "64:ff9b::10.0.0.1", 443, false);
    expect("10.0.0.0/8", "64:ff9b:1::10.0.0.1", 443, false); /* not global itself */
    expect("64:ff9b:1::/48", "64:ff9b:1::10.0.0.1", 443, false);
    expect("64:ff9b:1::/48 10.0.0.0/8", "64:ff9b:1::10.0.0.1", 443, true);
    expect("64:ff9b:1::/48", "64:ff9b:1::8.8.8.8", 443, true);
    expect("2001::/32", "2001:0:a00:1::f7f7:f7f7", 443, false); /* Teredo, server 10.0.0.1 */
    expect("::/0", "127.0.0.1", 443, false); /* a range of IPv6 has no IPv4 in it */
    expect("::/0", "::ffff:127.0.0.1", 443, false);
    expect("::/0", "fd00::1", 443, true);
}

static void what_is_no_range_is_refused_and_named(void **state) {
    (void)state;
    static const char *const bad[] = {
        "localhost",
        "10",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "0x7f.0.0.1",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.1.2.3/8",
        "10.0.0.1/31",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:99999999999",
        "127.0.0.1:80x",
        "127.0.0.1:80/8",
        ":80",
        "/8",
        "*",
        "10.*",
        "::1:8080/129",
        "fd00::/129",
        "fd00::1/8",
        "[::1",
        "::1]",
        "[]",
        "[]:80",
        "[::1]8443",
        "[::1]:",
        "[127.0.0.1]:80",
        "fe80::1%eth0",
        "[fe80::1%eth0]:1",
        "1.2.3.4-1.2.3.9",
        "https://10.0.0.1",
        "10.0.0.0/8:443:443",
        "2001:db8:::1",
        "1111111111111111111111111111111111111111111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct guard guard = {.n = 77};
        struct why why = {""};
        char text[200];
        snprintf(text, sizeof text, "10.0.0.0/8, %s 127.0.0.1", bad[i]);
        if (guard_parse(text, &guard, &why) != ERR_CONFIG) {
            fail_msg("'%s' is taken", bad[i]);
        }
        char start[64];
        snprintf(start, sizeof start, "'%.40s", bad[i]);
        assert_non_null(strstr(why.text, start));
        assert_int_equal(guard.n, 77);
    }
}

static void there_are_as_many_ranges_as_fit(void **state) {
    (void)state;
    char text[GUARD_RANGES_MAX * 9 + 20] = "";
    struct guard guard;
    struct why why;
    for (int i = 0; i < GUARD_RANGES_MAX; i++) {
        strcat(text, "10.0.0.1,");
    }
    assert_int_equal(guard_parse(text, &guard, &why), ERR_OK);
    assert_int_equal(guard.n, GUARD_RANGES_MAX);
    strcat(text, "10.0.0.2");
    assert_int_equal(guard_parse(text, &guard, &why), ERR_CONFIG);
}

static void other_families_and_short_addresses_are_refused(void **state) {
    (void)state;
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(0x08080808)}};
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20}}}};
    struct why why;
    assert_int_equal(guard_judge(&none, (const struct sockaddr *)&local, sizeof local, &why),
                     ERR_ADDRESS);
    assert_int_equal(guard_judge(&none, (const struct sockaddr *)&in, sizeof in, &why), ERR_OK);
    assert_int_equal(guard_judge(&none, (const struct sockaddr *)&in, sizeof in - 1, &why),
                     ERR_ADDRESS);
    assert_int_equal(guard_judge(&none, (const struct sockaddr *)&in, 1, &why), ERR_ADDRESS);
    assert_int_equal(guard_judge(&none, (const struct sockaddr *)&in6, sizeof in6, &why), ERR_OK);
    assert_int_equal(guard_judge(&none, (const struct sockaddr *)&in6, sizeof in6 - 1, &why),
                     ERR_ADDRESS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_pythons_ipaddress),
        cmocka_unit_test(a_refusal_says_the_class_and_how_to_allow_it),
        cmocka_unit_test(what_is_allowed_passes_and_its_neighbours_do_not),
        cmocka_unit_test(a_port_limits_what_is_allowed),
        cmocka_unit_test(a_disguise_is_allowed_by_the_address_in_it),
        cmocka_unit_test(what_is_no_range_is_refused_and_named),
        cmocka_unit_test(there_are_as_many_ranges_as_fit),
        cmocka_unit_test(other_families_and_short_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
