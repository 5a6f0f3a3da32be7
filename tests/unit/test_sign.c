/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/notify/sign.h"

/* The example that the libraries of Standard Webhooks are tested with. */
#define SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIME_S    1614265330
#define BODY      "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

#define SECRET_64                                                                                  \
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"   \
    "Pw=="

#define SECRET_65                                                                                  \
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"   \
    "P0A="

static void the_reference_example_is_signed_alike(void **state) {
    (void)state;
    char out[SIGN_HEADER_BYTES_MAX];
    assert_int_equal(sign_header(SECRET, NULL, ID, TIME_S, str_of(BODY), out, NULL), ERR_OK);
    assert_string_equal(out, SIGNATURE);
}

/* Computed with Python's hmac. */
static void any_bytes_and_the_longest_key_are_signed(void **state) {
    (void)state;
    static const char body[] = {'a', '\0', 'b', '\xff'};
    char out[SIGN_HEADER_BYTES_MAX];
    assert_int_equal(
        sign_header(SECRET_64, NULL, "msg_1", -7, (struct str){body, sizeof body}, out, NULL),
        ERR_OK);
    assert_string_equal(out, "v1,bZIQY00EW70rNn6jsmbvl7H/q62cHM0RTvd/E78kckE=");
}

static void two_secrets_give_two_signatures(void **state) {
    (void)state;
    char both[SIGN_HEADER_BYTES_MAX];
    char second[SIGN_HEADER_BYTES_MAX];
    char wanted[2 * SIGN_HEADER_BYTES_MAX];
    assert_int_equal(sign_header(SECRET_64, NULL, ID, TIME_S, str_of(BODY), second, NULL), ERR_OK);
    assert_int_equal(sign_header(SECRET, SECRET_64, ID, TIME_S, str_of(BODY), both, NULL), ERR_OK);
    snprintf(wanted, sizeof wanted, "%s %s", SIGNATURE, second);
    assert_string_equal(both, wanted);
}

static void whatever_is_changed_changes_the_signature(void **state) {
    (void)state;
    char out[SIGN_HEADER_BYTES_MAX];
    char body[] = BODY;
    for (size_t bit = 0; bit < 8 * (sizeof body - 1); bit++) {
        body[bit / 8] ^= (char)(1U << bit % 8);
        assert_int_equal(
            sign_header(SECRET, NULL, ID, TIME_S, (struct str){body, sizeof body - 1}, out, NULL),
            ERR_OK);
        assert_string_not_equal(out, SIGNATURE);
        body[bit / 8] ^= (char)(1U << bit % 8);
    }
    assert_int_equal(sign_header(SECRET, NULL, ID, TIME_S + 1, str_of(BODY), out, NULL), ERR_OK);
    assert_string_not_equal(out, SIGNATURE);
    assert_int_equal(sign_header(SECRET, NULL, ID "x", TIME_S, str_of(BODY), out, NULL), ERR_OK);
    assert_string_not_equal(out, SIGNATURE);
}

static void what_is_no_secret_is_refused_and_not_repeated(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==",  /* 22 bytes */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",   /* not padded */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ", /* a blank */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-",  /* of the other alphabet */
        SECRET_65,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char out[SIGN_HEADER_BYTES_MAX] = "as before";
        struct why why = {""};
        assert_int_equal(sign_header(bad[i], NULL, ID, TIME_S, str_of(BODY), out, &why), ERR_VALUE);
        assert_int_equal(sign_header(SECRET, bad[i], ID, TIME_S, str_of(BODY), out, &why),
                         ERR_VALUE);
        assert_string_equal(out, "as before");
        assert_non_null(strstr(why.text, "24 to 64 bytes"));
        assert_null(strstr(why.text, "MfKQ9r8"));
    }
}

static void an_id_that_is_too_long_is_refused(void **state) {
    (void)state;
    char out[SIGN_HEADER_BYTES_MAX] = "as before";
    char id[200];
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    assert_int_equal(sign_header(SECRET, NULL, id, TIME_S, str_of(BODY), out, NULL), ERR_VALUE);
    id[SIGN_ID_BYTES_MAX] = '\0';
    assert_string_equal(out, "as before");
    assert_int_equal(sign_header(SECRET, NULL, id, INT64_MIN, str_of(BODY), out, NULL), ERR_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_example_is_signed_alike),
        cmocka_unit_test(any_bytes_and_the_longest_key_are_signed),
        cmocka_unit_test(two_secrets_give_two_signatures),
        cmocka_unit_test(whatever_is_changed_changes_the_signature),
        cmocka_unit_test(what_is_no_secret_is_refused_and_not_repeated),
        cmocka_unit_test(an_id_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
