/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/db/dsn.h"
#include "schema/db/pg.h"

static int clean_environment(void **state) {
    (void)state;
    unsetenv("TOCSIN_DSN");
    return setenv("TOCSIN_RUNTIME_DIR", "/r", 1);
}

/* Which database. */

static void check_dsn(const char *given, const char *want, bool want_private) {
    char dsn[DSN_BYTES_MAX];
    bool is_private = !want_private;
    struct why why = {""};
    assert_int_equal(dsn_resolve(given, "tocsin_reader", sizeof dsn, dsn, &is_private, &why),
                     ERR_OK);
    assert_string_equal(dsn, want);
    assert_int_equal(is_private, want_private);
}

static void given_wins_then_variable_then_private_cluster(void **state) {
    (void)state;
    const char *private_dsn = "host='/r/pg' port=5432 dbname=tocsin user=tocsin_reader";
    check_dsn(NULL, private_dsn, true);
    check_dsn("", private_dsn, true);
    setenv("TOCSIN_DSN", "dbname=variable", 1);
    check_dsn(NULL, "dbname=variable", false);
    check_dsn("", "dbname=variable", false);
    check_dsn("dbname=given", "dbname=given", false);
    setenv("TOCSIN_DSN", "", 1);
    check_dsn(NULL, private_dsn, true);
}

static void too_long_is_refused_not_cut(void **state) {
    (void)state;
    char dsn[8] = "before";
    bool is_private = false;
    struct why why = {""};
    assert_int_equal(dsn_resolve("dbname=x", "r", sizeof dsn, dsn, &is_private, &why),
                     ERR_TOO_LONG);
    assert_int_equal(dsn_resolve(NULL, "r", sizeof dsn, dsn, &is_private, &why), ERR_TOO_LONG);
}

/* What of it may be shown. */

static const struct {
    const char *dsn, *shown;
} masks[] = {
    {"host=/run dbname=d user=u", "user=u dbname=d host=/run"},
    {"host=h password=secret", "password=*** host=h"},
    {"host=h password='se cr\\'et'", "password=*** host=h"},
    {"password = secret host = h", "password=*** host=h"},
    {"sslpassword=secret host=h", "host=h sslpassword=***"},
    {"postgresql://u:secret@h:7/d", "user=u password=*** dbname=d host=h port=7"},
    {"postgres://u:secret@h/d", "user=u password=*** dbname=d host=h"},
    {"postgresql://u:s%40cr%3Aet@h/d", "user=u password=*** dbname=d host=h"},
    {"postgresql://h/d?user=u&password=secret", "user=u password=*** dbname=d host=h"},
    {"postgresql://u:secret@h1,h2:8/d?target_session_attrs=any",
     "user=u password=*** dbname=d host=h1,h2 port=,8 target_session_attrs=any"},
    {"postgresql:///d?host=/run/x&password=secret", "password=*** dbname=d host=/run/x"},
    {"postgresql://u:se@cret@h/d", "user=u password=*** dbname=d host=***"},
    {"host=@abstract dbname=d", "dbname=d host=@abstract"},
    {"postgresql://u:secret@h:%zz/d", "malformed DSN"},
    {"password=secret nonsense", "malformed DSN"},
    {"password='secret", "malformed DSN"},
    {"", ""},
};

static void password_is_never_shown(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        char shown[256];
        dsn_mask(masks[i].dsn, sizeof shown, shown);
        assert_string_equal(shown, masks[i].shown);
    }
}

static void mask_is_cut_to_its_room(void **state) {
    (void)state;
    const char *dsn = "postgresql://user:secret@host/database";
    char whole[256];
    dsn_mask(dsn, sizeof whole, whole);
    for (size_t size = 1; size <= sizeof whole; size++) {
        char *shown = malloc(size); /* exact, so that the sanitizer sees one byte too many */
        dsn_mask(dsn, size, shown);
        const size_t want = size - 1 < strlen(whole) ? size - 1 : strlen(whole);
        assert_int_equal(strlen(shown), want);
        assert_memory_equal(shown, whole, want);
        free(shown);
    }
}

/* What connecting says. */

static void check_open(const char *dsn, enum err want, const char *says) {
    struct pg *pg = NULL;
    struct why why = {""};
    assert_int_equal(pg_open(dsn, "test", &pg, &why), want);
    assert_null(pg);
    assert_non_null(strstr(why.text, says));
    assert_null(strstr(why.text, "secret"));
    assert_null(strchr(why.text, '\n'));
}

static void why_names_the_dsn_and_no_secret(void **state) {
    (void)state;
    check_open("postgresql://u:secret@h:%zz/d", ERR_CONFIG, "write it like");
    check_open("passw=secret", ERR_CONFIG, "write it like");
    check_open("postgresql://u:x@secret@h/d", ERR_CONFIG, "write an @ of the password as %40");
    check_open("host=/nowhere/at/all dbname=d password=secret", ERR_DB_UNREACHABLE,
               "password=*** dbname=d host=/nowhere/at/all");
}

static void options_over_their_limit_are_refused(void **state) {
    (void)state;
    char dsn[4096] = "host=/nowhere options=";
    memset(dsn + strlen(dsn), 'x', 3000);
    check_open(dsn, ERR_CONFIG, "options in the DSN are too long");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(given_wins_then_variable_then_private_cluster, clean_environment),
        cmocka_unit_test_setup(too_long_is_refused_not_cut, clean_environment),
        cmocka_unit_test(password_is_never_shown),
        cmocka_unit_test(mask_is_cut_to_its_room),
        cmocka_unit_test(why_names_the_dsn_and_no_secret),
        cmocka_unit_test(options_over_their_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
