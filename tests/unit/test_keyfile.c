/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/wire/keyfile.h"

/* The key pair of ZeroMQ's documentation (RFC 26). */
static const struct keyfile_pair known = {.public_key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
                                          .secret_key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"};

static char dir[] = "/tmp/tocsin-keyfile-XXXXXX";
static char path[sizeof dir + 16];

static int make_place(void **state) {
    (void)state;
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/pair.key", dir);
    return 0;
}

static int remove_place(void **state) {
    (void)state;
    char other[sizeof path + 8];
    snprintf(other, sizeof other, "%s.link", path);
    chmod(dir, 0700);
    unlink(other);
    unlink(path);
    rmdir(path);
    return rmdir(dir);
}

static void write_known(void) {
    struct why why = {""};
    assert_int_equal(keyfile_write(path, &known, &why), ERR_OK);
}

static void expect_refused(const char *at, const char *sentence) {
    struct keyfile_pair pair = known;
    struct why why = {""};
    assert_int_not_equal(keyfile_read(at, &pair, &why), ERR_OK);
    assert_memory_equal(&pair, &known, sizeof known); /* written on success only */
    if (strstr(why.text, sentence) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, sentence);
    }
    assert_null(strstr(why.text, known.secret_key));
}

static void a_pair_comes_back_as_it_was_written(void **state) {
    (void)state;
    struct keyfile_pair pair;
    struct why why = {""};
    struct stat info;
    umask(0); /* the mode does not depend on it */
    write_known();
    assert_int_equal(keyfile_read(path, &pair, &why), ERR_OK);
    assert_memory_equal(&pair, &known, sizeof known);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void a_file_is_never_overwritten(void **state) {
    (void)state;
    struct keyfile_pair other = known;
    struct why why = {""};
    write_known();
    other.public_key[0] = '0';
    assert_int_equal(keyfile_write(path, &other, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "never overwritten"));
    assert_int_equal(keyfile_read(path, &other, &why), ERR_OK);
    assert_memory_equal(&other, &known, sizeof known);
}

static void only_its_owner_may_have_access(void **state) {
    (void)state;
    write_known();
    for (mode_t mode = 0; mode <= 0777; mode++) {
        struct keyfile_pair pair;
        struct why why = {""};
        if ((mode & 0400) == 0 && geteuid() != 0) {
            continue; /* root alone may read it then */
        }
        assert_int_equal(chmod(path, mode), 0);
        const enum err want = (mode & 077) == 0 ? ERR_OK : ERR_CONFIG;
        assert_int_equal(keyfile_read(path, &pair, &why), want);
        if (want != ERR_OK) {
            assert_non_null(strstr(why.text, "chmod 600"));
        }
    }
}

static void another_users_file_is_refused(void **state) {
    (void)state;
    if (geteuid() != 0) {
        skip(); /* only root can give files away */
    }
    write_known();
    assert_int_equal(chown(path, 12345, 12345), 0);
    expect_refused(path, "belongs to another user (uid 12345)");
}

static void a_symbolic_link_is_refused(void **state) {
    (void)state;
    char link[sizeof path + 8];
    struct why why = {""};
    write_known();
    snprintf(link, sizeof link, "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    expect_refused(link, "symbolic link");
    assert_int_equal(keyfile_write(link, &known, &why), ERR_CONFIG);
}

static void a_directory_that_others_may_write_is_refused(void **state) {
    (void)state;
    struct keyfile_pair pair;
    struct why why = {""};
    write_known();
    assert_int_equal(chmod(dir, 0777), 0);
    expect_refused(path, "others may replace files");
    assert_int_equal(chmod(dir, 0770), 0);
    expect_refused(path, "others may replace files");
    assert_int_equal(chmod(dir, 01777), 0); /* as /tmp */
    assert_int_equal(keyfile_read(path, &pair, &why), ERR_OK);
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(keyfile_read(path, &pair, &why), ERR_OK);
}

static void what_is_no_file_is_refused(void **state) {
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0); /* and nobody waits for a writer */
    expect_refused(path, "is not a file");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refused(path, "is not a file");
    expect_refused(dir, "is not a file");
    expect_refused("/nowhere/at/all", "cannot open the directory");
    rmdir(path);
    expect_refused(path, "cannot read");
    expect_refused("/tmp/", "is not the path of a key file");
    expect_refused("", "is not the path of a key file");
}

static void what_holds_no_pair_is_refused(void **state) {
    (void)state;
    const char *const texts[] = {
        "",
        "public = \nsecret = \n",
        "public = Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n",
        "public = Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n"
        "secret = D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%c\n", /* one too short */
        "public = Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n"
        "secret = D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%\"s\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(fd);
        expect_refused(path, "is not a key file; make one with");
    }
}

static void a_key_is_40_characters_that_stand_for_32_bytes(void **state) {
    (void)state;
    assert_true(keyfile_is_key(known.public_key));
    assert_true(keyfile_is_key(known.secret_key));
    assert_true(keyfile_is_key("0000000000000000000000000000000000000000"));
    assert_false(keyfile_is_key(""));
    assert_false(keyfile_is_key("000000000000000000000000000000000000000"));
    assert_false(keyfile_is_key("00000000000000000000000000000000000000000"));
    assert_false(keyfile_is_key("0000000000000000000000000000000000000 00"));
    assert_false(keyfile_is_key("#####00000000000000000000000000000000000")); /* above 2^32 */
    assert_false(keyfile_is_key("%nSc100000000000000000000000000000000000")); /* 2^32 */
    assert_true(keyfile_is_key("%nSc000000000000000000000000000000000000"));  /* 2^32 - 1 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_comes_back_as_it_was_written, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_file_is_never_overwritten, make_place, remove_place),
        cmocka_unit_test_setup_teardown(only_its_owner_may_have_access, make_place, remove_place),
        cmocka_unit_test_setup_teardown(another_users_file_is_refused, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_symbolic_link_is_refused, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_directory_that_others_may_write_is_refused, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, make_place, remove_place),
        cmocka_unit_test_setup_teardown(what_holds_no_pair_is_refused, make_place, remove_place),
        cmocka_unit_test(a_key_is_40_characters_that_stand_for_32_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
