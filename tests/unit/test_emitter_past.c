/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with a time of the caller's: what an importer needs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"
#include "tests/unit/fake_collector.h"
#include "tests/unit/scene.h"

#define PATIENCE_MS 20000
#define PAST_NS     INT64_C(1500000000123456789)

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

static struct tocsin *start_in_the_past(void) {
    struct tocsin_options options = scene_options(&scene);
    struct tocsin *run = NULL;
    options.started_ns = PAST_NS;
    options.quiet = false;
    options.webhook_url = "https://hooks.example/run";
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    return run;
}

static void times_of_the_caller_arrive_as_they_were_given(void **state) {
    (void)state;
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = start_in_the_past();
    tocsin_keyset keyset = 99;
    assert_int_equal(tocsin_prepare(run, 1, names, &keyset), TOCSIN_OK);
    assert_int_equal(tocsin_log_at(run, keyset, 7, PAST_NS + 1, &one), TOCSIN_OK);
    assert_int_equal(tocsin_log_at(run, keyset, 5, INT64_MAX, &one), TOCSIN_OK);
    assert_int_equal(tocsin_log_at(run, keyset, TOCSIN_STEP_AUTO, TOCSIN_TIME_NS_MIN, &one),
                     TOCSIN_OK);
    assert_int_equal(tocsin_log_system_at(run, 1, names, PAST_NS + 2, &one), TOCSIN_OK);
    assert_int_equal(tocsin_alert_at(run, TOCSIN_WARN, "old", NULL, 3, PAST_NS + 3), TOCSIN_OK);
    assert_int_equal(
        tocsin_alert_at(run, TOCSIN_WARN, "older", "text", TOCSIN_STEP_NONE, PAST_NS + 4),
        TOCSIN_OK);
    assert_int_equal(tocsin_finish_at(&run, PAST_NS + 5, PATIENCE_MS), TOCSIN_OK);
    assert_null(run);
    struct fake_seen *seen = fake_stop(fake);
    static const int64_t calls[][2] = {{7, PAST_NS + 1},
                                       {5, INT64_MAX},
                                       {8, TOCSIN_TIME_NS_MIN},
                                       {(PAST_NS + 2) / 1000, PAST_NS + 2}};
    assert_int_equal(seen->calls_n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen->calls[i].step, calls[i][0]);
        assert_int_equal(seen->calls[i].time_ns, calls[i][1]);
    }
    assert_int_equal(seen->started_ns, PAST_NS);
    assert_int_equal(seen->alert_times_ns[0], PAST_NS + 3);
    assert_int_equal(seen->alert_steps[0], 3);
    assert_int_equal(seen->alert_steps[1], WIRE_STEP_NONE);
    assert_int_equal(seen->finish_ns, PAST_NS + 5);
    assert_int_equal(seen->ending, WIRE_ENDING_FINISHED);
    fake_seen_free(seen);
}

static void raise_one_of_the_past(void *run) {
    assert_int_equal(tocsin_alert_at(run, TOCSIN_ERROR, "old", NULL, 3, PAST_NS), TOCSIN_OK);
}

static void an_alert_of_the_past_rings_nowhere(void **state) {
    (void)state;
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = start_in_the_past();
    char text[256];
    scene_capture(STDOUT_FILENO, raise_one_of_the_past, run, sizeof text, text);
    assert_string_equal(text, "");
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->alerts_n, 1);
    assert_true(seen->alert_has_url[0]); /* an empty one, which means no endpoint at all */
    assert_string_equal(seen->alert_urls[0], "");
    fake_seen_free(seen);
}

static void times_before_1970_are_refused(void **state) {
    (void)state;
    struct tocsin *run = scene_start(&scene);
    static const int64_t bad[] = {0, -1, INT64_MIN};
    tocsin_keyset keyset = 99;
    assert_int_equal(tocsin_prepare(run, 1, names, &keyset), TOCSIN_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(tocsin_log_at(run, keyset, 1, bad[i], &one), TOCSIN_ERR_ARGUMENT);
        assert_int_equal(tocsin_log_system_at(run, 1, names, bad[i], &one), TOCSIN_ERR_ARGUMENT);
        assert_int_equal(tocsin_alert_at(run, TOCSIN_INFO, "t", NULL, 1, bad[i]),
                         TOCSIN_ERR_ARGUMENT);
        assert_int_equal(tocsin_finish_at(&run, bad[i], 0), TOCSIN_ERR_ARGUMENT);
        assert_int_equal(stats_of(run).refused, 3 * (i + 1));
    }
    assert_int_equal(tocsin_alert_at(run, TOCSIN_INFO, "", NULL, 1, PAST_NS), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_log_at(run, keyset + 1, 1, PAST_NS, &one), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(stats_of(run).emitted + stats_of(run).alerts, 0);
    tocsin_finish(&run, 0);
    struct tocsin_options options = scene_options(&scene);
    options.started_ns = -1;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_ERR_ARGUMENT);
    assert_null(run);
    assert_int_equal(tocsin_log_at(NULL, 0, 1, PAST_NS, &one), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_finish_at(&run, PAST_NS, 0), TOCSIN_OK);
}

static void events_that_nobody_has_taken_yet_are_counted(void **state) {
    (void)state;
    struct tocsin *run = scene_start(&scene);
    assert_int_equal(stats_of(run).events_waiting, 0);
    assert_int_equal(tocsin_alert_at(run, TOCSIN_INFO, "t", NULL, 1, PAST_NS), TOCSIN_OK);
    assert_int_equal(tocsin_set_config(run, "{}"), TOCSIN_OK);
    assert_int_equal(stats_of(run).events_waiting, 2);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_true(fake_wait(fake, 0, 1));
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (stats_of(run).events_waiting > 0) {
        assert_true(clock_mono_ns() < deadline_ns);
        poll(NULL, 0, 1);
    }
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    fake_seen_free(fake_stop(fake));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(times_of_the_caller_arrive_as_they_were_given),
        TEST(an_alert_of_the_past_rings_nowhere),
        TEST(times_before_1970_are_refused),
        TEST(events_that_nobody_has_taken_yet_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
