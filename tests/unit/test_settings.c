/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/settings_load.h"

static char dir[] = "/tmp/tocsin-settings-XXXXXX";

static char *argument(const char *text) {
    static char room[8][256];
    static size_t next;
    char *at = room[next++ % 8];
    snprintf(at, sizeof room[0], "%s", text);
    return at;
}

static enum err load(size_t n, const char *const *args, struct settings *out, struct why *why) {
    char *argv[8] = {argument("tocsind")};
    enum settings_action action;
    for (size_t i = 0; i < n; i++) {
        argv[i + 1] = argument(args[i]);
    }
    return settings_load((int)n + 1, argv, out, &action, why);
}

static const char *write_file(const char *name, const char *text) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* Nothing of the machine's own configuration gets in; where none is asked for, each test names a
 * file, as there may be one in /etc. */
static int clean_environment(void **state) {
    (void)state;
    static const char *const names[] = {"TOCSIN_DSN", "TOCSIND_DSN", "TOCSIND_QUEUE_BYTES",
                                        "TOCSIND_IO_THREADS", "TOCSIND_LISTEN"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
    setenv("XDG_CONFIG_HOME", dir, 1);
    setenv("TOCSIN_RUNTIME_DIR", dir, 1);
    return 0;
}

static void later_sources_win(void **state) {
    (void)state;
    struct settings settings;
    struct why why;
    const char *file = write_file("a.ini", "[tocsind]\nio_threads = 2\nqueue_bytes=5000000\n"
                                           "commit_bytes = 100000\n");
    setenv("TOCSIND_IO_THREADS", "3", 1);
    setenv("TOCSIND_QUEUE_BYTES", "6000000", 1);
    const char *args[] = {"--io-threads", "4", "--config", file};
    assert_int_equal(load(4, args, &settings, &why), ERR_OK);
    assert_int_equal(settings.io_threads, 4);           /* flag */
    assert_int_equal(settings.queue_bytes, 6000000);    /* environment */
    assert_int_equal(settings.commit_bytes, 100000);    /* file */
    assert_int_equal(settings.state_interval_ms, 2000); /* default */
    settings_fini(&settings);
}

static void the_dsn_has_a_variable_of_its_own(void **state) {
    (void)state;
    struct settings settings;
    struct why why;
    const char *args[] = {"--config", write_file("empty.ini", "")};
    setenv("TOCSIN_DSN", "host=one", 1);
    assert_int_equal(load(2, args, &settings, &why), ERR_OK);
    assert_string_equal(settings.dsn, "host=one");
    settings_fini(&settings);
    setenv("TOCSIND_DSN", "host=two", 1);
    assert_int_equal(load(2, args, &settings, &why), ERR_OK);
    assert_string_equal(settings.dsn, "host=two");
    settings_fini(&settings);
}

static void an_unknown_flag_names_the_nearest(void **state) {
    (void)state;
    struct settings settings;
    struct why why;
    const char *args[] = {"--que-bytes", "1"};
    assert_int_equal(load(2, args, &settings, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "\"queue_bytes\""));
}

static void an_unknown_key_names_file_and_nearest(void **state) {
    (void)state;
    struct settings settings;
    struct why why;
    const char *args[] = {"--config", write_file("b.ini", "[tocsind]\nlog-levl = info\n")};
    assert_int_equal(load(2, args, &settings, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "b.ini"));
    assert_non_null(strstr(why.text, "\"log_level\""));
}

static void bad_values_tell_the_range(void **state) {
    (void)state;
    static const char *const bad[] = {"", "0", "17", "4x", "-1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct settings settings;
        struct why why;
        const char *args[] = {"--io_threads", bad[i]};
        assert_int_equal(load(2, args, &settings, &why), ERR_CONFIG);
        assert_non_null(strstr(why.text, "from 1 to 16"));
    }
}

static void a_line_without_value_and_a_strange_section_are_errors(void **state) {
    (void)state;
    static const char *const bad[] = {"[tocsind]\nio_threads\n", "[other]\nio_threads = 1\n"};
    for (size_t i = 0; i < 2; i++) {
        struct settings settings;
        struct why why;
        const char *args[] = {"--config", write_file("c.ini", bad[i])};
        assert_int_equal(load(2, args, &settings, &why), ERR_CONFIG);
    }
}

static void a_file_that_is_named_must_exist(void **state) {
    (void)state;
    struct settings settings;
    struct why why;
    const char *args[] = {"--config", "/nonexistent/x.ini"};
    assert_int_equal(load(2, args, &settings, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "/nonexistent/x.ini"));
}

static void a_long_value_and_a_semicolon_survive_the_file(void **state) {
    (void)state;
    struct settings settings;
    struct why why;
    char text[1200];
    char expected[1024];
    memset(expected, 'x', sizeof expected);
    memcpy(expected, "password=a ;b #c", 16);
    expected[sizeof expected - 1] = '\0';
    snprintf(text, sizeof text, "dsn = %s\n", expected);
    const char *args[] = {"--config", write_file("d.ini", text)};
    assert_int_equal(load(2, args, &settings, &why), ERR_OK);
    assert_string_equal(settings.dsn, expected);
    settings_fini(&settings);
}

static void the_printed_config_reads_back_and_hides_the_password(void **state) {
    (void)state;
    struct settings settings;
    struct settings again;
    struct why why;
    struct buf text;
    const char *args[] = {"--dsn",    "host=h password=secret-word", "--queue-bytes", "7000000",
                          "--config", write_file("empty.ini", "")};
    assert_int_equal(load(6, args, &settings, &why), ERR_OK);
    buf_init(&text, 100000);
    assert_int_equal(settings_print_config(&settings, &text), ERR_OK);
    assert_int_equal(buf_append(&text, "", 1), ERR_OK);
    assert_null(strstr((const char *)text.ptr, "secret-word"));
    const char *back[] = {"--config", write_file("e.ini", (const char *)text.ptr)};
    assert_int_equal(load(2, back, &again, &why), ERR_OK);
    assert_int_equal(again.queue_bytes, 7000000);
    assert_string_equal(again.listen, settings.listen);
    settings_fini(&again);
    settings_fini(&settings);
    buf_fini(&text);
}

static void every_setting_is_in_help_and_docs(void **state) {
    (void)state;
    struct buf help;
    struct buf docs;
    buf_init(&help, 100000);
    buf_init(&docs, 100000);
    assert_int_equal(settings_print_help(&help), ERR_OK);
    assert_int_equal(settings_print_docs(&docs), ERR_OK);
    assert_int_equal(buf_append(&help, "", 1), ERR_OK);
    assert_int_equal(buf_append(&docs, "", 1), ERR_OK);
    for (size_t i = 0; settings_name(i); i++) {
        char flag[SETTINGS_NAME_BYTES_MAX + 2];
        snprintf(flag, sizeof flag, "--%s", settings_name(i));
        for (char *c = flag; *c; c++) {
            *c = *c == '_' ? '-' : *c;
        }
        assert_non_null(strstr((const char *)help.ptr, flag));
        assert_non_null(strstr((const char *)docs.ptr, settings_name(i)));
    }
    buf_fini(&help);
    buf_fini(&docs);
}

static int make_directory(void **state) {
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_directory(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(later_sources_win, clean_environment),
        cmocka_unit_test_setup(the_dsn_has_a_variable_of_its_own, clean_environment),
        cmocka_unit_test_setup(an_unknown_flag_names_the_nearest, clean_environment),
        cmocka_unit_test_setup(an_unknown_key_names_file_and_nearest, clean_environment),
        cmocka_unit_test_setup(bad_values_tell_the_range, clean_environment),
        cmocka_unit_test_setup(a_line_without_value_and_a_strange_section_are_errors,
                               clean_environment),
        cmocka_unit_test_setup(a_file_that_is_named_must_exist, clean_environment),
        cmocka_unit_test_setup(a_long_value_and_a_semicolon_survive_the_file, clean_environment),
        cmocka_unit_test_setup(the_printed_config_reads_back_and_hides_the_password,
                               clean_environment),
        cmocka_unit_test_setup(every_setting_is_in_help_and_docs, clean_environment),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
