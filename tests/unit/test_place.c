/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "schema/wire/place.h"

static const char *const variables[] = {"TOCSIN_RUNTIME_DIR", "TOCSIN_DATA_DIR", "XDG_RUNTIME_DIR",
                                        "XDG_DATA_HOME"};

static int clean_environment(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    return setenv("HOME", "/home/ann", 1);
}

/* Rows are tried as root and as an ordinary user: the rules of the two differ. want_root NULL:
 * the same for both. */
struct row {
    const char *variable, *value, *want_user, *want_root;
};

static const struct row runtime_rows[] = {
    {"TOCSIN_RUNTIME_DIR", "/a/b", "/a/b", NULL},
    {"XDG_RUNTIME_DIR", "/run/x", "/run/x/tocsin", "/run/tocsin"},
};

static const struct row data_rows[] = {
    {"TOCSIN_DATA_DIR", "/a/b", "/a/b", NULL},
    {"XDG_DATA_HOME", "/d", "/d/tocsin", "/var/lib/tocsin"},
    {"XDG_DATA_HOME", "relative", "/home/ann/.local/share/tocsin", "/var/lib/tocsin"},
    {"XDG_DATA_HOME", "", "/home/ann/.local/share/tocsin", "/var/lib/tocsin"},
    {"TOCSIN_DATA_DIR", "", "/home/ann/.local/share/tocsin", "/var/lib/tocsin"},
};

typedef enum err place_fn(size_t size, char *out_path, struct why *why);

static void check_rows(place_fn *place, size_t n, const struct row *rows) {
    for (size_t i = 0; i < n; i++) {
        const bool as_root = getuid() == 0 && rows[i].want_root != NULL;
        char path[PLACE_PATH_BYTES_MAX];
        struct why why = {""};
        clean_environment(NULL);
        setenv(rows[i].variable, rows[i].value, 1);
        assert_int_equal(place(sizeof path, path, &why), ERR_OK);
        assert_string_equal(path, as_root ? rows[i].want_root : rows[i].want_user);
    }
}

static void runtime_rules(void **state) {
    (void)state;
    check_rows(place_runtime_dir, sizeof runtime_rows / sizeof runtime_rows[0], runtime_rows);
}

static void data_rules(void **state) {
    (void)state;
    check_rows(place_data_dir, sizeof data_rows / sizeof data_rows[0], data_rows);
}

static void runtime_without_variables(void **state) {
    (void)state;
    char path[PLACE_PATH_BYTES_MAX];
    char want[128];
    char run_user[64];
    struct stat st;
    snprintf(run_user, sizeof run_user, "/run/user/%u", (unsigned)getuid());
    if (getuid() == 0) {
        snprintf(want, sizeof want, "/run/tocsin");
    } else if (stat(run_user, &st) == 0 && st.st_uid == getuid()) {
        snprintf(want, sizeof want, "%s/tocsin", run_user);
    } else {
        snprintf(want, sizeof want, "/tmp/tocsin-%u", (unsigned)getuid());
    }
    struct why why = {""};
    assert_int_equal(place_runtime_dir(sizeof path, path, &why), ERR_OK);
    assert_string_equal(path, want);
}

static void overrides_must_be_absolute(void **state) {
    (void)state;
    char path[PLACE_PATH_BYTES_MAX] = "untouched";
    struct why why = {""};
    setenv("TOCSIN_RUNTIME_DIR", "here", 1);
    setenv("TOCSIN_DATA_DIR", "./here", 1);
    assert_int_equal(place_runtime_dir(sizeof path, path, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "TOCSIN_RUNTIME_DIR"));
    assert_int_equal(place_data_dir(sizeof path, path, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "TOCSIN_DATA_DIR"));
    assert_string_equal(path, "untouched");
}

static void home_is_needed_by_users(void **state) {
    (void)state;
    char path[PLACE_PATH_BYTES_MAX];
    struct why why = {""};
    unsetenv("HOME");
    assert_int_equal(place_data_dir(sizeof path, path, &why), getuid() == 0 ? ERR_OK : ERR_CONFIG);
}

static void nothing_is_cut(void **state) {
    (void)state;
    char path[5];
    struct why why = {""};
    setenv("TOCSIN_DATA_DIR", "/abcd", 1);
    assert_int_equal(place_data_dir(sizeof path, path, &why), ERR_TOO_LONG);
    assert_true(why.text[0] != '\0');
    setenv("TOCSIN_DATA_DIR", "/abc", 1);
    assert_int_equal(place_data_dir(sizeof path, path, &why), ERR_OK);
    assert_string_equal(path, "/abc");
}

/* The longest directory whose socket still fits sockaddr_un, and one byte more. */
static void sockets_fit_sockaddr_un(void **state) {
    (void)state;
    char endpoint[PLACE_PATH_BYTES_MAX];
    char dir[PLACE_SOCKET_BYTES_MAX + 1];
    struct why why = {""};
    const size_t longest = PLACE_SOCKET_BYTES_MAX - 1 - strlen("/ingest.sock");
    memset(dir, 'd', sizeof dir);
    dir[0] = '/';
    dir[longest] = '\0';
    setenv("TOCSIN_RUNTIME_DIR", dir, 1);
    assert_int_equal(place_ingest_endpoint(sizeof endpoint, endpoint, &why), ERR_OK);
    assert_int_equal(strlen(endpoint), strlen("ipc://") + PLACE_SOCKET_BYTES_MAX - 1);
    dir[longest] = 'd';
    dir[longest + 1] = '\0';
    setenv("TOCSIN_RUNTIME_DIR", dir, 1);
    assert_int_equal(place_ingest_endpoint(sizeof endpoint, endpoint, &why), ERR_TOO_LONG);
    assert_non_null(strstr(why.text, "TOCSIN_RUNTIME_DIR"));
}

static void the_ingest_endpoint(void **state) {
    (void)state;
    char endpoint[PLACE_PATH_BYTES_MAX];
    struct why why = {""};
    setenv("TOCSIN_RUNTIME_DIR", "/r", 1);
    assert_int_equal(place_ingest_endpoint(sizeof endpoint, endpoint, &why), ERR_OK);
    assert_string_equal(endpoint, "ipc:///r/ingest.sock");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(runtime_rules, clean_environment),
        cmocka_unit_test_setup(data_rules, clean_environment),
        cmocka_unit_test_setup(runtime_without_variables, clean_environment),
        cmocka_unit_test_setup(overrides_must_be_absolute, clean_environment),
        cmocka_unit_test_setup(home_is_needed_by_users, clean_environment),
        cmocka_unit_test_setup(nothing_is_cut, clean_environment),
        cmocka_unit_test_setup(sockets_fit_sockaddr_un, clean_environment),
        cmocka_unit_test_setup(the_ingest_endpoint, clean_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
