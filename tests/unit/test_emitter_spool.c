/* SPDX-License-Identifier: Apache-2.0 */
/* Runs whose collector is away for longer than the ring lasts: the spool takes over, and every call
 * still arrives once, in order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"
#include "tests/unit/fake_collector.h"
#include "tests/unit/scene.h"

#define PATIENCE_MS 20000
#define RING_BYTES  (1024 * 1024)
#define CALLS       60000 /* four times what the ring holds */

static const char *const names[] = {"loss", "norm", "rate"};

static struct tocsin *start(const struct scene *scene) {
    struct tocsin_options options = scene_options(scene);
    struct tocsin *run = NULL;
    options.ring_bytes = RING_BYTES;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    return run;
}

/* Logs until so many calls are stored; what does not fit is dropped, counted, and tried again. */
static void log_all(struct tocsin *run, int64_t from, int64_t to) {
    tocsin_keyset keyset;
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    assert_int_equal(tocsin_prepare(run, 3, names, &keyset), TOCSIN_OK);
    for (int64_t step = from; step < to;) {
        const double values[] = {(double)step, 0.5, -(double)step};
        const enum tocsin_err err = tocsin_log(run, keyset, step, values);
        if (err == TOCSIN_ERR_FULL) {
            usleep(1000);
        }
        step += err == TOCSIN_OK;
        assert_true(clock_mono_ns() < deadline_ns);
    }
}

static void assert_steps(const struct fake_seen *seen, int64_t first, int64_t end) {
    assert_int_equal(seen->calls_n, end - first);
    for (size_t i = 0; i < seen->calls_n; i++) {
        assert_int_equal(seen->calls[i].step, first + (int64_t)i);
        assert_true(seen->calls[i].last == -(double)seen->calls[i].step);
    }
}

static void assert_sound(const struct fake_seen *seen) {
    assert_int_equal(seen->untold_n, 0);
    assert_int_equal(seen->changed_n, 0);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS],
                     seen->calls_n + seen->dropped[WIRE_LANE_METRICS]);
    assert_int_equal(seen->emitted[WIRE_LANE_EVENTS],
                     seen->alerts_n + seen->finishes_n + seen->dropped[WIRE_LANE_EVENTS]);
    assert_int_equal(seen->undefined_n, 0);
    assert_int_equal(seen->damaged_n, 0);
}

/* Everything is logged before there is a collector; it then misbehaves as planned. */
static void deliver_late(struct fake_plan plan) {
    struct scene scene;
    scene_make(&scene);
    struct tocsin *run = start(&scene);
    log_all(run, 0, CALLS / 2);
    assert_int_equal(tocsin_alert(run, TOCSIN_WARN, "half", NULL, 1, NULL), TOCSIN_OK);
    log_all(run, CALLS / 2, CALLS);
    assert_true(scene_spools_n(&scene) > 0);
    struct fake_collector *fake = fake_start(scene.endpoint, plan);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, 0, CALLS);
    assert_int_equal(seen->alerts_n, 1);
    assert_int_equal(seen->finishes_n, 1);
    assert_sound(seen);
    assert_int_equal(scene_rings_n(&scene), 0);
    assert_int_equal(scene_spools_n(&scene), 0);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void more_than_the_ring_holds_arrives_once_and_in_order(void **state) {
    (void)state;
    deliver_late((struct fake_plan){0});
}

static void a_spool_is_sent_again_where_it_was_lost(void **state) {
    (void)state;
    deliver_late((struct fake_plan){.disown_every = 11, .lose_every = 6, .hang_up_every = 13});
}

/* Batches in flight are moved to the spool, and acknowledged after that. */
static void a_collector_that_acknowledges_nothing_fills_the_spool(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.mute_batches = true});
    struct tocsin *run = start(&scene);
    log_all(run, 0, 1000);
    assert_true(fake_wait(fake, 1000, 0));
    log_all(run, 1000, CALLS);
    assert_true(scene_spools_n(&scene) > 0);
    fake_change(fake, (struct fake_plan){.hang_up_every = 9});
    assert_int_equal(tocsin_alert(run, TOCSIN_INFO, "wake", NULL, 1, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, 0, CALLS);
    assert_sound(seen);
    assert_int_equal(scene_spools_n(&scene), 0);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void an_alert_overtakes_what_is_in_the_spool(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct tocsin *run = start(&scene);
    log_all(run, 0, CALLS);
    assert_int_equal(tocsin_alert(run, TOCSIN_ERROR, "now", NULL, 1, NULL), TOCSIN_OK);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.mute_batches = true});
    assert_true(fake_wait(fake, 0, 1));
    assert_true(fake_look(fake).calls_n < CALLS / 2);
    fake_change(fake, (struct fake_plan){.hang_up_every = 9});
    assert_int_equal(tocsin_alert(run, TOCSIN_INFO, "again", NULL, 1, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, 0, CALLS);
    assert_sound(seen);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void wait_acknowledged(struct tocsin *run, uint64_t calls) {
    struct tocsin_stats stats = {.size = sizeof stats};
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (stats.acknowledged < calls) {
        assert_true(clock_mono_ns() < deadline_ns);
        assert_int_equal(tocsin_get_stats(run, &stats), TOCSIN_OK);
        usleep(1000);
    }
}

/* A thousand calls are acknowledged, many more are not, and then the database is another one. What
 * is still here goes on under a new id, from the spool and from the ring. */
static void another_database_gets_all_that_is_still_here(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = start(&scene);
    log_all(run, 0, 1000);
    wait_acknowledged(run, 1000);
    fake_change(fake, (struct fake_plan){.mute_batches = true});
    log_all(run, 1000, CALLS);
    assert_true(scene_spools_n(&scene) > 0);
    fake_change(fake, (struct fake_plan){.replace_after = 1});
    assert_int_equal(tocsin_alert(run, TOCSIN_INFO, "wake", NULL, 1, NULL), TOCSIN_OK);
    log_all(run, CALLS, CALLS + 1000);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    /* The window may have been acknowledged in the last moment. */
    assert_in_range(seen->calls_n, CALLS / 2, CALLS);
    assert_steps(seen, CALLS + 1000 - (int64_t)seen->calls_n, CALLS + 1000);
    assert_sound(seen);
    assert_int_equal(seen->producers_n, 2); /* said hello as before, then as the new one */
    assert_int_equal(scene_spools_n(&scene), 0);
    fake_seen_free(seen);
    scene_remove(&scene);
}

/* Changes a byte in the middle of each file that ends so. */
static void damage(const char *dir, const char *ending) {
    DIR *handle = opendir(dir);
    assert_non_null(handle);
    for (struct dirent *e = readdir(handle); e != NULL; e = readdir(handle)) {
        struct stat st;
        uint8_t byte;
        const size_t len = strlen(e->d_name);
        if (len < strlen(ending) || strcmp(e->d_name + len - strlen(ending), ending) != 0) {
            continue;
        }
        const int fd = openat(dirfd(handle), e->d_name, O_RDWR);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(pread(fd, &byte, 1, st.st_size / 2), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2), 1);
        close(fd);
    }
    closedir(handle);
}

static uint64_t gaps_without_steps(const struct fake_seen *seen) {
    uint64_t calls = 0;
    for (size_t i = 0; i < seen->gaps_n; i++) {
        calls += seen->gaps[i].span.first_step == WIRE_STEP_NONE ? seen->gaps[i].calls : 0;
    }
    return calls;
}

static void a_damaged_spool_costs_what_is_damaged_and_counts_it(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct tocsin *run = start(&scene);
    log_all(run, 0, CALLS);
    struct tocsin_stats stats = {.size = sizeof stats};
    assert_int_equal(tocsin_get_stats(run, &stats), TOCSIN_OK);
    const uint64_t full = stats.dropped;
    damage(scene.spool, "-1-1.spool");
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.hang_up_every = 5});
    assert_true(fake_wait(fake, CALLS - 4000, 0));
    log_all(run, CALLS, CALLS + 10);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_in_range(seen->calls_n, CALLS + 10 - 4000, CALLS + 10 - 1);
    assert_int_equal(seen->dropped[WIRE_LANE_METRICS], full + CALLS + 10 - seen->calls_n);
    /* A gap may have been in what is damaged. */
    const uint64_t lost = CALLS + 10 - seen->calls_n;
    assert_in_range(gaps_without_steps(seen), lost, lost + full);
    assert_sound(seen);
    for (size_t i = 1; i < seen->calls_n; i++) {
        assert_true(seen->calls[i].step > seen->calls[i - 1].step);
    }
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void finish_leaves_the_rest_to_the_spool_within_its_deadline(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct tocsin *run = start(&scene);
    log_all(run, 0, 10000);
    const int64_t before_ns = clock_mono_ns();
    assert_int_equal(tocsin_finish(&run, 4000), TOCSIN_ERR_TIMEOUT);
    assert_true(clock_mono_ns() - before_ns < 4500 * CLOCK_NS_PER_MS);
    assert_int_equal(scene_rings_n(&scene), 0);
    assert_int_equal(scene_spools_n(&scene), 3); /* a segment of each lane and their lock file */
    scene_remove(&scene);
}

static void a_spool_on_a_place_that_cannot_be_used_costs_only_the_spool(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    struct tocsin_options options = scene_options(&scene);
    options.spool_dir = "/proc/nowhere";
    struct tocsin *run = NULL;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    log_all(run, 0, 10);
    assert_int_equal(tocsin_finish(&run, 200), TOCSIN_ERR_TIMEOUT);
    assert_int_equal(scene_rings_n(&scene), 1);
    scene_remove(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_the_ring_holds_arrives_once_and_in_order),
        cmocka_unit_test(a_spool_is_sent_again_where_it_was_lost),
        cmocka_unit_test(a_collector_that_acknowledges_nothing_fills_the_spool),
        cmocka_unit_test(an_alert_overtakes_what_is_in_the_spool),
        cmocka_unit_test(another_database_gets_all_that_is_still_here),
        cmocka_unit_test(a_damaged_spool_costs_what_is_damaged_and_counts_it),
        cmocka_unit_test(finish_leaves_the_rest_to_the_spool_within_its_deadline),
        cmocka_unit_test(a_spool_on_a_place_that_cannot_be_used_costs_only_the_spool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
