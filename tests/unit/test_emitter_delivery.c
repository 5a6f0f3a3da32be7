/* SPDX-License-Identifier: Apache-2.0 */
/* From the calls of a program to what a collector has committed: every call exactly once and in
 * order, whatever happens between. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"
#include "tests/unit/fake_collector.h"
#include "tests/unit/scene.h"

#define PATIENCE_MS 20000

static const char *const names[] = {"loss", "norm", "rate"};

static tocsin_keyset prepare(struct tocsin *run, size_t n) {
    tocsin_keyset keyset = 99;
    assert_int_equal(tocsin_prepare(run, n, names, &keyset), TOCSIN_OK);
    return keyset;
}

static void log_steps(struct tocsin *run, tocsin_keyset keyset, int64_t from, int64_t to) {
    for (int64_t step = from; step < to; step++) {
        const double values[] = {(double)step, 0.5, -(double)step};
        enum tocsin_err err = tocsin_log(run, keyset, step, values);
        while (err == TOCSIN_ERR_FULL) { /* dropped and counted: not in these tests */
            fail_msg("the ring is full");
        }
        assert_int_equal(err, TOCSIN_OK);
    }
}

static void assert_steps_are(const struct fake_seen *seen, size_t n) {
    assert_int_equal(seen->calls_n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(seen->calls[i].step, (int64_t)i);
        assert_true(seen->calls[i].first == (double)i);
        assert_true(seen->calls[i].last == -(double)i);
        assert_int_equal(seen->calls[i].columns, 3);
    }
    assert_int_equal(seen->undefined_n, 0);
    assert_int_equal(seen->damaged_n, 0);
}

static void assert_conserved(const struct fake_seen *seen) {
    assert_int_equal(seen->untold_n, 0);
    assert_int_equal(seen->changed_n, 0);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS],
                     seen->calls_n + seen->dropped[WIRE_LANE_METRICS]);
    assert_int_equal(seen->emitted[WIRE_LANE_EVENTS], seen->alerts_n + seen->configs_n +
                                                          seen->finishes_n +
                                                          seen->dropped[WIRE_LANE_EVENTS]);
}

/* Logs under a plan and finishes; everything must be there once. */
static void deliver_under(struct fake_plan plan, size_t calls) {
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake = fake_start(scene.endpoint, plan);
    struct tocsin *run = scene_start(&scene);
    const tocsin_keyset keyset = prepare(run, 3);
    log_steps(run, keyset, 0, (int64_t)calls / 2);
    assert_int_equal(tocsin_alert(run, TOCSIN_WARN, "half", NULL, TOCSIN_STEP_NONE, NULL),
                     TOCSIN_OK);
    log_steps(run, keyset, (int64_t)calls / 2, (int64_t)calls);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps_are(seen, calls);
    assert_int_equal(seen->alerts_n, 1);
    assert_int_equal(seen->alert_steps[0], (int64_t)calls / 2 - 1);
    assert_int_equal(seen->finishes_n, 1);
    assert_int_equal(seen->ending, WIRE_ENDING_FINISHED);
    assert_conserved(seen);
    assert_int_equal(scene_rings_n(&scene), 0);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void all_calls_arrive_once_and_in_order(void **state) {
    (void)state;
    deliver_under((struct fake_plan){0}, 20000);
}

static void batches_that_never_arrive_are_sent_again(void **state) {
    (void)state;
    deliver_under((struct fake_plan){.lose_every = 7}, 20000);
}

static void connections_that_break_duplicate_nothing(void **state) {
    (void)state;
    deliver_under((struct fake_plan){.hang_up_every = 9}, 20000);
}

static void a_collector_that_does_not_know_us_is_greeted_again(void **state) {
    (void)state;
    deliver_under((struct fake_plan){.disown_every = 5}, 20000);
}

static void all_of_it_together(void **state) {
    (void)state;
    deliver_under((struct fake_plan){.disown_every = 11, .lose_every = 6, .hang_up_every = 13},
                  20000);
}

static void values_keep_their_bits_and_names(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    const tocsin_keyset one = prepare(run, 1);
    const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 5e-324};
    const int64_t before_ns = clock_wall_ns();
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(tocsin_log(run, one, TOCSIN_STEP_AUTO, &odd[i]), TOCSIN_OK);
    }
    const int64_t after_ns = clock_wall_ns();
    const char *const system[] = {"gpu/0/power"};
    const double watts = 300.5;
    assert_int_equal(tocsin_log_system(run, 1, system, &watts), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 6);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(seen->calls[i].step, (int64_t)i);
        assert_in_range(seen->calls[i].time_ns, before_ns, after_ns);
        assert_memory_equal(&seen->calls[i].first, &odd[i], sizeof odd[i]);
    }
    assert_int_equal(seen->calls[5].step, seen->calls[5].time_ns / 1000);
    assert_int_equal(seen->definitions_n, 2);
    assert_string_equal(seen->first_names[0], "loss");
    assert_string_equal(seen->first_names[1], "gpu/0/power");
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void data_waits_for_a_collector_that_comes_late(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct tocsin *run = scene_start(&scene);
    const tocsin_keyset keyset = prepare(run, 3);
    log_steps(run, keyset, 0, 1000);
    assert_int_equal(scene_rings_n(&scene), 1);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_true(fake_wait(fake, 1000, 0));
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps_are(seen, 1000);
    fake_seen_free(seen);
    scene_remove(&scene);
}

/* The collector's database is replaced by an empty one: what it acknowledged before is there no
 * more, what follows must still explain itself. */
static void a_new_database_gets_definitions_again(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.replace_after = 1});
    struct tocsin *run = scene_start(&scene);
    const tocsin_keyset keyset = prepare(run, 3);
    log_steps(run, keyset, 0, 100);
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (fake_look(fake).producers_n == 0 || fake_look(fake).hellos_n < 2) {
        assert_true(clock_mono_ns() < deadline_ns);
        usleep(1000);
    }
    log_steps(run, keyset, 100, 200);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->undefined_n, 0);
    assert_true(seen->calls_n >= 100);
    assert_int_equal(seen->calls[seen->calls_n - 1].step, 199);
    assert_conserved(seen);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void an_alert_overtakes_a_backlog_of_metrics(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.mute_batches = true});
    struct tocsin *run = scene_start(&scene);
    const tocsin_keyset keyset = prepare(run, 3);
    log_steps(run, keyset, 0, 50000);
    assert_true(fake_wait(fake, 1, 0)); /* the window of metrics is full and stays full */
    assert_int_equal(tocsin_alert(run, TOCSIN_ERROR, "now", "text", 7, "https://example.org/x"),
                     TOCSIN_OK);
    assert_true(fake_wait(fake, 0, 1));
    assert_true(fake_look(fake).calls_n < 50000);
    fake_change(fake, (struct fake_plan){.hang_up_every = 4});
    assert_int_equal(tocsin_alert(run, TOCSIN_INFO, "again", NULL, 8, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps_are(seen, 50000);
    fake_seen_free(seen);
    scene_remove(&scene);
}

#define DROP_STEPS 100000

/* Of one thread that logs step after step: gaps follow each other, begin and end with a step that
 * is missing, count all that are missing between, and together all that are missing. Calls that
 * were dropped while the courier had lost the processor with the lock are only counted (gap.h), so
 * that a gap may count more than lie in its bounds, or have none. */
static void assert_gaps_tell(const struct fake_seen *seen) {
    static int64_t times_ns[DROP_STEPS + 2]; /* of step - 1; 0: it did not come */
    uint64_t told = 0;
    int64_t next = 0;
    memset(times_ns, 0, sizeof times_ns);
    for (size_t i = 0; i < seen->calls_n; i++) {
        times_ns[seen->calls[i].step + 1] = seen->calls[i].time_ns;
    }
    for (size_t i = 0; i < seen->gaps_n; i++) {
        const struct wire_span *span = &seen->gaps[i].span;
        uint64_t calls = 0;
        told += seen->gaps[i].calls;
        if (span->first_step == WIRE_STEP_NONE) {
            continue;
        }
        assert_in_range(span->first_step, next, DROP_STEPS - 1);
        assert_in_range(span->last_step, span->first_step, DROP_STEPS - 1);
        next = span->last_step + 1;
        for (int64_t step = span->first_step; step < next; step++) {
            calls += times_ns[step + 1] == 0;
        }
        assert_in_range(calls, 1, seen->gaps[i].calls);
        assert_int_equal(times_ns[span->first_step + 1], 0);
        assert_int_equal(times_ns[next], 0);
        assert_true(span->first_time_ns >= times_ns[span->first_step]);
        assert_true(span->first_time_ns <= span->last_time_ns);
        assert_true(times_ns[next + 1] == 0 || span->last_time_ns <= times_ns[next + 1]);
    }
    assert_int_equal(told, DROP_STEPS - seen->calls_n);
}

static void a_full_ring_and_spool_drop_count_and_tell(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.mute_batches = true});
    struct tocsin_options options = scene_options(&scene);
    options.ring_bytes = 1024 * 1024;
    options.spool_bytes = 1024 * 1024;
    struct tocsin *run = NULL;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    const tocsin_keyset keyset = prepare(run, 3);
    const double values[] = {1, 2, 3};
    uint64_t stored = 0;
    uint64_t dropped = 0;
    for (int i = 0; i < DROP_STEPS; i++) {
        const enum tocsin_err err = tocsin_log(run, keyset, i, values);
        stored += err == TOCSIN_OK;
        dropped += err == TOCSIN_ERR_FULL;
    }
    struct tocsin_stats stats = {.size = sizeof stats};
    assert_int_equal(tocsin_get_stats(run, &stats), TOCSIN_OK);
    assert_int_equal(stored + dropped, DROP_STEPS);
    assert_true(stored > 10000 && dropped > 10000);
    assert_int_equal(stats.emitted, DROP_STEPS);
    assert_int_equal(stats.dropped, dropped);
    assert_int_equal(stats.acknowledged, 0);
    fake_change(fake, (struct fake_plan){.hang_up_every = 3});
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, stored);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS], DROP_STEPS);
    assert_int_equal(seen->dropped[WIRE_LANE_METRICS], dropped);
    assert_conserved(seen);
    assert_gaps_tell(seen);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void stats_say_what_is_committed(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    const tocsin_keyset keyset = prepare(run, 3);
    log_steps(run, keyset, 0, 10);
    tocsin_alert(run, TOCSIN_INFO, "t", NULL, 1, NULL);
    struct tocsin_stats stats = {.size = sizeof stats};
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (stats.acknowledged < 10) {
        assert_true(clock_mono_ns() < deadline_ns);
        assert_int_equal(tocsin_get_stats(run, &stats), TOCSIN_OK);
        usleep(1000);
    }
    assert_int_equal(stats.acknowledged, 10);
    assert_int_equal(stats.emitted, 10);
    assert_int_equal(stats.alerts, 1);
    assert_true(stats.connected);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    fake_seen_free(fake_stop(fake));
    scene_remove(&scene);
}

static void a_refused_run_ends_as_refused_and_keeps_its_data(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.refuse = WIRE_REFUSAL_NO_RUN_TO_RESUME});
    struct tocsin_options options = scene_options(&scene);
    options.name = "gone";
    options.resume = TOCSIN_RESUME_MUST;
    struct tocsin *run = NULL;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    log_steps(run, prepare(run, 3), 0, 10);
    const int64_t before_ns = clock_mono_ns();
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_ERR_REFUSED);
    assert_true(clock_mono_ns() - before_ns < PATIENCE_MS / 2 * CLOCK_NS_PER_MS);
    assert_null(run);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->hellos_n, 1);
    assert_int_equal(scene_rings_n(&scene), 0);
    assert_true(scene_spools_n(&scene) > 0);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void tocsin_fail_is_seen_as_failed(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    assert_int_equal(tocsin_set_config(run, "{\"a\": 1}"), TOCSIN_OK);
    assert_int_equal(tocsin_fail(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->finishes_n, 1);
    assert_int_equal(seen->ending, WIRE_ENDING_FAILED);
    assert_int_equal(seen->configs_n, 1);
    assert_conserved(seen);
    fake_seen_free(seen);
    scene_remove(&scene);
}

#define THREADS          32
#define CALLS_PER_THREAD 1000

struct worker {
    struct tocsin *run;
    tocsin_keyset keyset;
    int number;
};

static void *work(void *context) {
    const struct worker *worker = context;
    for (int i = 0; i < CALLS_PER_THREAD; i++) {
        const double values[] = {worker->number, 0, i};
        if (i % 2 == 0) {
            tocsin_log(worker->run, worker->keyset, i, values);
        } else {
            tocsin_log_named(worker->run, i, 3, names, values);
        }
    }
    tocsin_alert(worker->run, TOCSIN_INFO, "done", NULL, worker->number, NULL);
    return NULL;
}

static void calls_of_many_threads_all_arrive_each_in_order(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.hang_up_every = 17});
    struct tocsin *run = scene_start(&scene);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.run = run, .keyset = prepare(run, 3), .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    int next[THREADS] = {0};
    for (size_t i = 0; i < seen->calls_n; i++) {
        const int number = (int)seen->calls[i].first;
        assert_int_equal(seen->calls[i].last, next[number]);
        next[number]++;
    }
    assert_int_equal(seen->calls_n, THREADS * CALLS_PER_THREAD);
    assert_int_equal(seen->alerts_n, THREADS);
    assert_conserved(seen);
    fake_seen_free(seen);
    scene_remove(&scene);
}

#define RUN_URL "https://hooks.slack.com/services/canary"
#define OWN_URL "https://example.org/canary"

struct hooked {
    struct scene scene;
    const char *min_level;
};

/* One alert of each level, and one of each with a URL of its own. Not quiet. */
static void alert_with_webhook(void *context) {
    const struct hooked *hooked = context;
    struct tocsin_options options = scene_options(&hooked->scene);
    options.quiet = false;
    options.webhook_url = RUN_URL;
    options.webhook_min_level = hooked->min_level;
    struct tocsin *run = NULL;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    for (int level = TOCSIN_INFO; level <= (int)TOCSIN_ERROR; level++) {
        assert_int_equal(tocsin_alert(run, (enum tocsin_level)level, "t", NULL, 1, NULL),
                         TOCSIN_OK);
        assert_int_equal(tocsin_alert(run, (enum tocsin_level)level, "t", NULL, 1, OWN_URL),
                         TOCSIN_OK);
    }
    assert_int_equal(tocsin_alert(run, TOCSIN_ERROR, "t", NULL, 1, ""), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
}

static struct fake_seen *seen_of_webhook(const char *min_level, int fd) {
    char printed[4096];
    struct hooked hooked = {.min_level = min_level};
    scene_make(&hooked.scene);
    struct fake_collector *fake = fake_start(hooked.scene.endpoint, (struct fake_plan){0});
    scene_capture(fd, alert_with_webhook, &hooked, sizeof printed, printed);
    assert_true(printed[0] != '\0');
    assert_null(strstr(printed, "canary"));
    scene_remove(&hooked.scene);
    return fake_stop(fake);
}

static void alerts_carry_the_runs_webhook_or_their_own(void **state) {
    (void)state;
    struct fake_seen *all = seen_of_webhook(NULL, STDOUT_FILENO);
    assert_int_equal(all->alerts_n, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(all->alert_urls[i], i % 2 == 0 ? RUN_URL : OWN_URL);
    }
    fake_seen_free(all);
}

static void below_the_minimum_level_alerts_carry_no_webhook(void **state) {
    (void)state;
    static const char *const expected[7] = {"", "", RUN_URL, OWN_URL, RUN_URL, OWN_URL, RUN_URL};
    struct fake_seen *some = seen_of_webhook("warn", STDERR_FILENO);
    assert_int_equal(some->alerts_n, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(some->alert_urls[i], expected[i]);
    }
    fake_seen_free(some);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_calls_arrive_once_and_in_order),
        cmocka_unit_test(batches_that_never_arrive_are_sent_again),
        cmocka_unit_test(connections_that_break_duplicate_nothing),
        cmocka_unit_test(a_collector_that_does_not_know_us_is_greeted_again),
        cmocka_unit_test(all_of_it_together),
        cmocka_unit_test(values_keep_their_bits_and_names),
        cmocka_unit_test(data_waits_for_a_collector_that_comes_late),
        cmocka_unit_test(a_new_database_gets_definitions_again),
        cmocka_unit_test(an_alert_overtakes_a_backlog_of_metrics),
        cmocka_unit_test(a_full_ring_and_spool_drop_count_and_tell),
        cmocka_unit_test(stats_say_what_is_committed),
        cmocka_unit_test(a_refused_run_ends_as_refused_and_keeps_its_data),
        cmocka_unit_test(tocsin_fail_is_seen_as_failed),
        cmocka_unit_test(calls_of_many_threads_all_arrive_each_in_order),
        cmocka_unit_test(alerts_carry_the_runs_webhook_or_their_own),
        cmocka_unit_test(below_the_minimum_level_alerts_carry_no_webhook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
