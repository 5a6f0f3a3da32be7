/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of tocsin.h to a program that uses it wrongly or has no collector. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"
#include "schema/wire/wire.h"
#include "tests/unit/fake_collector.h"
#include "tests/unit/scene.h"

#define PATIENCE_MS 20000

static const char *const names[] = {"loss"};
static const double one = 1;
static struct scene scene;

static int make(void **state) {
    (void)state;
    scene_make(&scene);
    return 0;
}

static int drop(void **state) {
    (void)state;
    scene_remove(&scene);
    return 0;
}

static struct tocsin_stats stats_of(struct tocsin *run) {
    struct tocsin_stats stats = {.size = sizeof stats};
    assert_int_equal(tocsin_get_stats(run, &stats), TOCSIN_OK);
    return stats;
}

static void a_program_need_not_test_for_a_failed_start(void **state) {
    (void)state;
    struct tocsin *none = NULL;
    struct tocsin_stats stats = {.size = sizeof stats};
    tocsin_keyset keyset = 99;
    assert_int_equal(tocsin_prepare(none, 1, names, &keyset), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(keyset, 99);
    assert_int_equal(tocsin_log(none, 0, 1, &one), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_log_named(none, 1, 1, names, &one), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_log_system(none, 1, names, &one), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_alert(none, TOCSIN_INFO, "t", NULL, 1, NULL), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_set_config(none, "{}"), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_get_stats(none, &stats), TOCSIN_ERR_ARGUMENT);
    assert_string_equal(tocsin_run_name(none), "");
    assert_int_equal(tocsin_finish(&none, 1000), TOCSIN_OK);
    assert_int_equal(tocsin_finish(NULL, 1000), TOCSIN_OK);
    assert_int_equal(tocsin_fail(&none, 1000), TOCSIN_OK);
}

static void a_start_that_fails_says_why_and_leaves_nothing(void **state) {
    (void)state;
    struct tocsin_options options = scene_options(&scene);
    struct tocsin *run = (struct tocsin *)&scene;
    assert_int_equal(tocsin_start(NULL, &run), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_start(&options, NULL), TOCSIN_ERR_ARGUMENT);
    options.project = "";
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_ERR_ARGUMENT);
    assert_null(run);
    options.project = "\xff";
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_ERR_NAME);
    options.project = "p";
    options.endpoints = "tcp://h:99999";
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_ERR_CONFIG);
    options.endpoints = scene.endpoint;
    options.ring_dir = "/proc/no/such/place";
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_ERR_SYSTEM);
    options.ring_dir = scene.rings;
    options.ring_bytes = 1;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_ERR_CONFIG);
    assert_int_equal(scene_rings_n(&scene), 0);
}

static void start_in_no_place(void *context) {
    struct tocsin_options options = scene_options(&scene);
    struct tocsin *run = NULL;
    options.quiet = context != NULL;
    options.ring_dir = "/proc/no/such/place";
    tocsin_start(&options, &run);
}

static void a_failed_start_is_one_sentence_with_the_remedy(void **state) {
    (void)state;
    char text[1024];
    scene_capture(STDERR_FILENO, start_in_no_place, NULL, sizeof text, text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_non_null(strstr(text, "training goes on without it"));
    assert_non_null(strstr(text, "set TOCSIN_RING_DIR to a writable place"));
    scene_capture(STDERR_FILENO, start_in_no_place, text, sizeof text, text);
    assert_string_equal(text, "");
}

/* Everything that is refused for what it is: a code, one more refused, and nothing sent. */
static struct {
    struct fake_collector *fake;
    struct tocsin *run;
    uint64_t refused;
} refusing;

#define REFUSED(code, call)                                                                        \
    do {                                                                                           \
        assert_int_equal(call, code);                                                              \
        assert_int_equal(stats_of(refusing.run).refused, ++refusing.refused);                      \
    } while (0)

static struct tocsin *refusing_begin(void) {
    refusing.fake = fake_start(scene.endpoint, (struct fake_plan){0});
    refusing.run = scene_start(&scene);
    refusing.refused = 0;
    return refusing.run;
}

static void refusing_end(size_t calls) {
    assert_int_equal(stats_of(refusing.run).emitted, calls);
    assert_int_equal(stats_of(refusing.run).alerts, 0);
    assert_int_equal(tocsin_finish(&refusing.run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(refusing.fake);
    assert_int_equal(seen->calls_n, calls);
    assert_int_equal(seen->alerts_n + seen->configs_n, 0);
    assert_int_equal(seen->damaged_n, 0);
    fake_seen_free(seen);
}

/* A text of len bytes. The caller frees it. */
static char *text_of(size_t len, char byte) {
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, byte, len);
    text[len] = '\0';
    return text;
}

static void names_that_are_refused_are_counted_and_never_sent(void **state) {
    (void)state;
    struct tocsin *run = refusing_begin();
    char *longest = text_of(WIRE_NAME_BYTES_MAX + 1, 'x');
    static const char *many[WIRE_KEYSET_COLUMNS_MAX + 1];
    tocsin_keyset keyset = 99;
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_prepare(run, 1, NULL, &keyset));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_prepare(run, 1, names, NULL));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_prepare(run, 0, names, &keyset));
    REFUSED(TOCSIN_ERR_NAME, tocsin_prepare(run, 1, (const char *[]){NULL}, &keyset));
    REFUSED(TOCSIN_ERR_NAME, tocsin_prepare(run, 1, (const char *[]){""}, &keyset));
    REFUSED(TOCSIN_ERR_NAME, tocsin_prepare(run, 1, (const char *[]){"\xed\xa0\x80"}, &keyset));
    REFUSED(TOCSIN_ERR_NAME, tocsin_prepare(run, 1, (const char *[]){longest}, &keyset));
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        many[i] = longest + 1; /* 255 bytes: right alone, too much together */
    }
    REFUSED(TOCSIN_ERR_TOO_LONG, tocsin_prepare(run, WIRE_KEYSET_COLUMNS_MAX, many, &keyset));
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        many[i] = names[0]; /* short, but one too many */
    }
    REFUSED(TOCSIN_ERR_TOO_LONG, tocsin_prepare(run, WIRE_KEYSET_COLUMNS_MAX + 1, many, &keyset));
    assert_int_equal(keyset, 99);
    refusing_end(0);
    free(longest);
}

static void calls_that_are_refused_are_counted_and_never_sent(void **state) {
    (void)state;
    struct tocsin *run = refusing_begin();
    static const char *many[WIRE_KEYSET_COLUMNS_MAX + 1];
    static double values[WIRE_KEYSET_COLUMNS_MAX + 1];
    tocsin_keyset keyset = 99;
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        many[i] = names[0];
    }
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log(run, 0, 1, &one)); /* nothing is prepared */
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log_named(run, 1, 1, NULL, &one));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log_named(run, 1, 1, names, NULL));
    REFUSED(TOCSIN_ERR_NAME, tocsin_log_named(run, 1, 1, (const char *[]){""}, &one));
    REFUSED(TOCSIN_ERR_TOO_LONG,
            tocsin_log_named(run, 1, WIRE_KEYSET_COLUMNS_MAX + 1, many, values));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log_system(run, 1, names, NULL));
    REFUSED(TOCSIN_ERR_NAME, tocsin_log_system(run, 1, (const char *[]){"\xff"}, &one));
    assert_int_equal(tocsin_prepare(run, 1, names, &keyset), TOCSIN_OK);
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log(run, keyset + 1, 1, &one));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log(run, keyset, 1, NULL));
    assert_int_equal(tocsin_log_system(run, 1, names, &one), TOCSIN_OK);
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_log(run, keyset + 1, 1, &one)); /* of system metrics */
    refusing_end(1);
}

static void events_that_are_refused_are_counted_and_never_sent(void **state) {
    (void)state;
    struct tocsin *run = refusing_begin();
    char *url = text_of(WIRE_URL_BYTES_MAX + 1, 'u');
    char *json = text_of(WIRE_CONFIG_BYTES_MAX + 1, ' ');
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_alert(run, TOCSIN_INFO, NULL, NULL, 1, NULL));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_alert(run, TOCSIN_INFO, "", NULL, 1, NULL));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_alert(run, (enum tocsin_level)3, "t", NULL, 1, NULL));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_alert(run, (enum tocsin_level) - 1, "t", NULL, 1, NULL));
    REFUSED(TOCSIN_ERR_NAME, tocsin_alert(run, TOCSIN_INFO, "\xff", NULL, 1, NULL));
    REFUSED(TOCSIN_ERR_NAME, tocsin_alert(run, TOCSIN_INFO, "t", "\xff", 1, NULL));
    REFUSED(TOCSIN_ERR_TOO_LONG, tocsin_alert(run, TOCSIN_INFO, "t", NULL, 1, url));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_set_config(run, NULL));
    REFUSED(TOCSIN_ERR_ARGUMENT, tocsin_set_config(run, ""));
    REFUSED(TOCSIN_ERR_TOO_LONG, tocsin_set_config(run, json));
    refusing_end(0);
    free(url);
    free(json);
}

static void the_largest_of_everything_arrives(void **state) {
    (void)state;
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    static char texts[WIRE_KEYSET_COLUMNS_MAX][65];
    static const char *columns[WIRE_KEYSET_COLUMNS_MAX];
    static double values[WIRE_KEYSET_COLUMNS_MAX];
    char *text = malloc(2 * WIRE_TEXT_BYTES_MAX + 1);
    char *json = malloc(WIRE_CONFIG_BYTES_MAX + 1);
    assert_non_null(text);
    assert_non_null(json);
    for (int i = 0; i < WIRE_KEYSET_COLUMNS_MAX; i++) {
        memset(texts[i], 'a' + i % 26, 64); /* together exactly the limit */
        columns[i] = texts[i];
    }
    memset(text, 't', 2 * WIRE_TEXT_BYTES_MAX);
    text[2 * WIRE_TEXT_BYTES_MAX] = '\0';
    memset(json, ' ', WIRE_CONFIG_BYTES_MAX);
    json[WIRE_CONFIG_BYTES_MAX] = '\0';
    for (int64_t step = 0; step < 3; step++) {
        assert_int_equal(tocsin_log_named(run, step, WIRE_KEYSET_COLUMNS_MAX, columns, values),
                         TOCSIN_OK);
        assert_int_equal(tocsin_set_config(run, json), TOCSIN_OK);
    }
    assert_int_equal(tocsin_alert(run, TOCSIN_ERROR, text, text, INT64_MAX, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 3);
    assert_int_equal(seen->calls[0].columns, WIRE_KEYSET_COLUMNS_MAX);
    assert_int_equal(seen->configs_n, 3);
    assert_int_equal(strlen(seen->titles[0]), WIRE_TITLE_BYTES_MAX);
    assert_string_equal(seen->titles[0] + WIRE_TITLE_BYTES_MAX - 4, "t...");
    assert_int_equal(seen->text_bytes, WIRE_TEXT_BYTES_MAX);
    assert_int_equal(seen->damaged_n, 0);
    fake_seen_free(seen);
    free(text);
    free(json);
}

static void steps_count_on_and_follow_the_highest(void **state) {
    (void)state;
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    static const int64_t given[] = {TOCSIN_STEP_AUTO, 7, 3, TOCSIN_STEP_AUTO, -5, INT64_MAX,
                                    TOCSIN_STEP_AUTO};
    static const int64_t stored[] = {0, 7, 3, 8, -5, INT64_MAX, INT64_MAX};
    assert_int_equal(tocsin_alert(run, TOCSIN_INFO, "t", NULL, TOCSIN_STEP_NONE, NULL), TOCSIN_OK);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(tocsin_log_named(run, given[i], 1, names, &one), TOCSIN_OK);
    }
    assert_int_equal(tocsin_alert(run, TOCSIN_INFO, "t", NULL, TOCSIN_STEP_NONE, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(seen->calls[i].step, stored[i]);
    }
    assert_int_equal(seen->alert_steps[0], WIRE_STEP_NONE);
    assert_int_equal(seen->alert_steps[1], INT64_MAX);
    fake_seen_free(seen);
}

static void an_alert_has_room_when_the_metrics_have_none(void **state) {
    (void)state;
    struct tocsin_options options = scene_options(&scene);
    struct tocsin *run = NULL;
    options.ring_bytes = 1024 * 1024;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    while (tocsin_log_named(run, 1, 1, names, &one) == TOCSIN_OK) {
    }
    assert_int_equal(tocsin_log_named(run, 1, 1, names, &one), TOCSIN_ERR_FULL);
    assert_int_equal(tocsin_alert(run, TOCSIN_ERROR, "t", NULL, 1, NULL), TOCSIN_OK);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->alerts_n, 1);
    assert_int_equal(seen->dropped[WIRE_LANE_METRICS], 2);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS], seen->calls_n + 2);
    fake_seen_free(seen);
}

/* Finish without a collector: waits for one until most of its deadline is gone, the rest is for
 * moving to the spool what is left, and is not much later. */
static void finish_keeps_its_deadline_without_a_collector(void **state) {
    (void)state;
    static const int64_t deadlines_ms[] = {0, 300};
    size_t kept = 0;
    for (size_t i = 0; i < sizeof deadlines_ms / sizeof deadlines_ms[0]; i++) {
        struct tocsin *run = scene_start(&scene);
        assert_int_equal(tocsin_log_named(run, 1, 1, names, &one), TOCSIN_OK);
        const int64_t before_ns = clock_mono_ns();
        assert_int_equal(tocsin_finish(&run, deadlines_ms[i]), TOCSIN_ERR_TIMEOUT);
        const int64_t took_ms = (clock_mono_ns() - before_ns) / CLOCK_NS_PER_MS;
        assert_null(run);
        assert_in_range(took_ms, deadlines_ms[i] / 2, deadlines_ms[i] + 700);
        const size_t kept_now = scene_rings_n(&scene) + scene_spools_n(&scene);
        assert_true(kept_now > kept); /* what it held waits in one or the other */
        kept = kept_now;
    }
}

static void finish_without_collector(void *context) {
    struct tocsin_options options = scene_options(&scene);
    struct tocsin *run = NULL;
    options.quiet = false;
    options.name = context;
    tocsin_start(&options, &run);
    tocsin_log_named(run, 1, 1, names, &one);
    tocsin_finish(&run, 0);
}

static void finish_says_what_was_not_delivered_and_where_it_is(void **state) {
    (void)state;
    char text[2048];
    char name[] = "r";
    scene_capture(STDERR_FILENO, finish_without_collector, name, sizeof text, text);
    assert_non_null(strstr(text, "run r of project p"));
    assert_non_null(strstr(text, "1 calls and 1 events of run r were not acknowledged in time"));
    assert_non_null(strstr(text, scene.rings));
}

static void a_caller_with_an_older_stats_struct_gets_what_fits(void **state) {
    (void)state;
    struct tocsin *run = scene_start(&scene);
    struct tocsin_stats stats;
    memset(&stats, 0x55, sizeof stats);
    stats.size = offsetof(struct tocsin_stats, refused);
    assert_int_equal(tocsin_log_named(run, 1, 1, names, &one), TOCSIN_OK);
    assert_int_equal(tocsin_get_stats(run, &stats), TOCSIN_OK);
    assert_int_equal(stats.emitted, 1);
    assert_int_equal(stats.dropped, 0);
    assert_int_equal(stats.refused, UINT64_C(0x5555555555555555));
    assert_int_equal(stats.size, offsetof(struct tocsin_stats, refused));
    assert_int_equal(tocsin_get_stats(run, NULL), TOCSIN_ERR_ARGUMENT);
    tocsin_finish(&run, 0);
}

static void every_code_has_its_own_sentence(void **state) {
    (void)state;
    for (int i = TOCSIN_OK; i <= TOCSIN_ERR_REFUSED; i++) {
        const char *text = tocsin_strerror((enum tocsin_err)i);
        assert_non_null(text);
        assert_string_not_equal(text, "unknown error");
        for (int other = TOCSIN_OK; other < i; other++) {
            assert_string_not_equal(text, tocsin_strerror((enum tocsin_err)other));
        }
    }
    assert_string_equal(tocsin_strerror((enum tocsin_err) - 1), "unknown error");
    assert_string_equal(tocsin_strerror((enum tocsin_err)11), "unknown error");
    assert_string_equal(tocsin_version(), TOCSIN_VERSION_TEXT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_program_need_not_test_for_a_failed_start),
        TEST(a_start_that_fails_says_why_and_leaves_nothing),
        TEST(a_failed_start_is_one_sentence_with_the_remedy),
        TEST(names_that_are_refused_are_counted_and_never_sent),
        TEST(calls_that_are_refused_are_counted_and_never_sent),
        TEST(events_that_are_refused_are_counted_and_never_sent),
        TEST(the_largest_of_everything_arrives),
        TEST(steps_count_on_and_follow_the_highest),
        TEST(an_alert_has_room_when_the_metrics_have_none),
        TEST(finish_keeps_its_deadline_without_a_collector),
        TEST(finish_says_what_was_not_delivered_and_where_it_is),
        TEST(a_caller_with_an_older_stats_struct_gets_what_fits),
        TEST(every_code_has_its_own_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
