/* SPDX-License-Identifier: Apache-2.0 */
/* What a process leaves that is killed, or that ends before a collector comes: it is found, claimed
 * and delivered, once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
#include "emitter/ringfile.h"
#include "schema/wire/clock.h"
#include "tests/unit/fake_collector.h"
#include "tests/unit/scene.h"

#define PATIENCE_MS 20000

static const char *const names[] = {"loss", "norm", "rate"};

static struct tocsin *start(const struct scene *scene) {
    struct tocsin_options options = scene_options(scene);
    struct tocsin *run = NULL;
    options.ring_bytes = 1024 * 1024;
    return tocsin_start(&options, &run) == TOCSIN_OK ? run : NULL;
}

static bool log_all(struct tocsin *run, int64_t from, int64_t to) {
    tocsin_keyset keyset;
    bool good = tocsin_prepare(run, 3, names, &keyset) == TOCSIN_OK;
    for (int64_t step = from; good && step < to;) {
        const double values[] = {(double)step, 0.5, -(double)step};
        const enum tocsin_err err = tocsin_log(run, keyset, step, values);
        if (err == TOCSIN_ERR_FULL) {
            usleep(1000);
        }
        good = err == TOCSIN_OK || err == TOCSIN_ERR_FULL;
        step += err == TOCSIN_OK;
    }
    return good;
}

/* A process that logs so many calls and an alert, and then waits to be killed. To be started while
 * this process has no threads: ThreadSanitizer ends a child that starts some otherwise. */
static pid_t start_victim(const struct scene *scene, int64_t calls) {
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct tocsin *run = start(scene);
        const bool good =
            run != NULL && log_all(run, 0, calls) &&
            tocsin_alert(run, TOCSIN_WARN, "before the end", NULL, 7, NULL) == TOCSIN_OK;
        if (good && write(ready[1], "r", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_victim(pid_t pid) {
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static enum tocsin_err ship(const struct scene *scene, struct tocsin_ship_report *report) {
    const struct tocsin_ship_options options = {.size = sizeof options,
                                                .ring_dir = scene->rings,
                                                .spool_dir = scene->spool,
                                                .patience_ms = 1500,
                                                .quiet = true};
    *report = (struct tocsin_ship_report){.size = sizeof *report};
    return tocsin_ship(&options, report);
}

static void assert_steps(const struct fake_seen *seen, size_t n) {
    assert_int_equal(seen->untold_n, 0);
    assert_int_equal(seen->changed_n, 0);
    assert_int_equal(seen->calls_n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(seen->calls[i].step, (int64_t)i);
    }
    assert_int_equal(seen->undefined_n, 0);
    assert_int_equal(seen->damaged_n, 0);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS],
                     seen->calls_n + seen->dropped[WIRE_LANE_METRICS]);
    assert_int_equal(seen->emitted[WIRE_LANE_EVENTS], seen->alerts_n + seen->finishes_n);
}

static void assert_nothing_left(const struct scene *scene) {
    assert_int_equal(scene_rings_n(scene), 0);
    assert_int_equal(scene_spools_n(scene), 0);
}

static void deliver_killed(int64_t calls, struct fake_plan plan) {
    struct scene scene;
    struct tocsin_ship_report report;
    scene_make(&scene);
    end_victim(start_victim(&scene, calls));
    assert_int_equal(scene_rings_n(&scene), 1);
    struct fake_collector *fake = fake_start(scene.endpoint, plan);
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, (size_t)calls);
    assert_int_equal(seen->alerts_n, 1);
    assert_int_equal(report.found, 1);
    assert_int_equal(report.delivered, 1);
    assert_int_equal(report.calls, calls);
    assert_int_equal(report.events, 1);
    assert_nothing_left(&scene);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void what_a_killed_process_logged_is_delivered(void **state) {
    (void)state;
    deliver_killed(3000, (struct fake_plan){0});
}

static void also_what_it_had_moved_to_the_spool(void **state) {
    (void)state;
    deliver_killed(60000, (struct fake_plan){0});
}

static void also_to_a_collector_that_misbehaves(void **state) {
    (void)state;
    deliver_killed(60000,
                   (struct fake_plan){.disown_every = 11, .lose_every = 6, .hang_up_every = 13});
}

/* Killed while batches are in flight and committed, but not acknowledged. */
static void what_was_committed_before_is_not_sent_twice(void **state) {
    (void)state;
    struct scene scene;
    struct tocsin_ship_report report;
    scene_make(&scene);
    const pid_t victim = start_victim(&scene, 30000);
    struct fake_collector *fake =
        fake_start(scene.endpoint, (struct fake_plan){.mute_batches = true});
    assert_true(fake_wait(fake, 1000, 1));
    end_victim(victim);
    fake_change(fake, (struct fake_plan){.hang_up_every = 10});
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, 30000);
    assert_int_equal(seen->alerts_n, 1);
    assert_int_equal(seen->producers_n, 1);
    assert_nothing_left(&scene);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void what_a_finished_run_left_is_delivered(void **state) {
    (void)state;
    struct scene scene;
    struct tocsin_ship_report report;
    scene_make(&scene);
    struct tocsin *run = start(&scene);
    assert_true(log_all(run, 0, 30000));
    assert_int_equal(tocsin_finish(&run, 4000), TOCSIN_ERR_TIMEOUT);
    assert_int_equal(scene_rings_n(&scene), 0);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){.lose_every = 3});
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, 30000);
    assert_int_equal(seen->finishes_n, 1);
    assert_nothing_left(&scene);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void without_a_collector_everything_stays(void **state) {
    (void)state;
    struct scene scene;
    struct tocsin_ship_report report;
    scene_make(&scene);
    end_victim(start_victim(&scene, 30000));
    assert_int_equal(ship(&scene, &report), TOCSIN_ERR_TIMEOUT);
    assert_int_equal(report.found, 1);
    assert_int_equal(report.delivered, 0);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_steps(seen, 30000);
    assert_nothing_left(&scene);
    fake_seen_free(seen);
    scene_remove(&scene);
}

static void what_is_alive_is_left_alone(void **state) {
    (void)state;
    struct scene scene;
    struct tocsin_ship_report report;
    scene_make(&scene);
    const pid_t victim = start_victim(&scene, 30000);
    struct tocsin *mine = start(&scene);
    assert_true(log_all(mine, 0, 30000));
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    assert_int_equal(report.found, 0);
    assert_int_equal(scene_rings_n(&scene), 2);
    end_victim(victim);
    assert_int_equal(tocsin_finish(&mine, 0), TOCSIN_ERR_TIMEOUT);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    assert_int_equal(report.found, 2);
    assert_int_equal(report.delivered, 2);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 60000);
    assert_nothing_left(&scene);
    fake_seen_free(seen);
    scene_remove(&scene);
}

/* A child that outlives its parent has a copy of its descriptors, but not its lock. */
static void a_forked_child_does_not_keep_the_lock(void **state) {
    (void)state;
    struct scene scene;
    struct tocsin_ship_report report;
    int ends[2];
    pid_t grandchild = 0;
    scene_make(&scene);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct tocsin *run = start(&scene);
        const bool good = run != NULL && log_all(run, 0, 100);
        const pid_t mine = good ? fork() : -1;
        if (mine == 0) {
            pause();
            _exit(0);
        }
        if (write(ends[1], &mine, sizeof mine) == sizeof mine) {
            pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ends[0], &grandchild, sizeof grandchild), sizeof grandchild);
    assert_true(grandchild > 0);
    end_victim(child);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    assert_int_equal(report.delivered, 1);
    assert_int_equal(kill(grandchild, SIGKILL), 0);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 100);
    fake_seen_free(seen);
    close(ends[0]);
    close(ends[1]);
    scene_remove(&scene);
}

static void the_next_run_delivers_it_in_the_background(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    end_victim(start_victim(&scene, 30000));
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = start(&scene);
    assert_true(log_all(run, 0, 1000));
    assert_true(fake_wait(fake, 31000, 1));
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (scene_rings_n(&scene) > 1 || scene_spools_n(&scene) > 0) {
        assert_true(clock_mono_ns() < deadline_ns);
        usleep(1000);
    }
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 31000);
    assert_nothing_left(&scene);
    fake_seen_free(seen);
    scene_remove(&scene);
}

/* The one ring in the scene. */
static void ring_path(const struct scene *scene, char *out, size_t size) {
    DIR *dir = opendir(scene->rings);
    assert_non_null(dir);
    out[0] = '\0';
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (strstr(e->d_name, ".ring") != NULL) {
            snprintf(out, size, "%s/%s", scene->rings, e->d_name);
        }
    }
    closedir(dir);
    assert_true(out[0] != '\0');
}

/* Every number of the header takes values that no writer gives it. It is refused and set aside, or
 * what it says can still be read without harm. */
static void a_damaged_ring_is_never_trusted(void **state) {
    (void)state;
    static const uint64_t values[] = {0,          1,          7,          4096,
                                      1ULL << 31, 1ULL << 40, 1ULL << 63, UINT64_MAX};
    struct scene scene;
    char path[512];
    char aside[1024];
    uint64_t good;
    size_t refused = 0;
    scene_make(&scene);
    end_victim(start_victim(&scene, 3000));
    ring_path(&scene, path, sizeof path);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    const size_t bytes = sizeof(struct ringfile_header);
    for (size_t at = 0; at + 8 <= bytes; at += 8) {
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            struct ringfile file;
            struct why why;
            const int fd = open(path, O_RDWR);
            assert_true(fd >= 0);
            assert_int_equal(pread(fd, &good, sizeof good, (off_t)at), sizeof good);
            assert_int_equal(pwrite(fd, &values[v], sizeof good, (off_t)at), sizeof good);
            close(fd);
            const enum err err = ringfile_open(path, &file, &why);
            if (err == ERR_OK) {
                ringfile_close(&file, true);
            } else {
                assert_int_equal(err, ERR_VALUE);
                assert_int_equal(rename(aside, path), 0);
                refused++;
            }
            const int again = open(path, O_RDWR);
            assert_int_equal(pwrite(again, &good, sizeof good, (off_t)at), sizeof good);
            close(again);
        }
    }
    assert_true(refused > 100);
    scene_remove(&scene);
}

static void a_damaged_ring_is_set_aside_and_its_spool_delivered(void **state) {
    (void)state;
    struct scene scene;
    struct tocsin_ship_report report;
    char path[512];
    const uint64_t junk = UINT64_MAX;
    scene_make(&scene);
    end_victim(start_victim(&scene, 60000));
    ring_path(&scene, path, sizeof path);
    const int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, &junk, sizeof junk, offsetof(struct ringfile_header, file_bytes)),
                     sizeof junk);
    close(fd);
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    assert_int_equal(ship(&scene, &report), TOCSIN_OK);
    assert_int_equal(report.damaged, 1);
    assert_int_equal(report.delivered, 1);
    struct fake_seen *seen = fake_stop(fake);
    assert_in_range(seen->calls_n, 30000, 59999);
    /* What was in the ring is lost, and known to be, but not what it was. */
    assert_int_equal(seen->untold_n, 0);
    assert_true(seen->gaps_n > 0);
    assert_true(seen->gaps[seen->gaps_n - 1].span.first_step == WIRE_STEP_NONE);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS],
                     seen->calls_n + seen->dropped[WIRE_LANE_METRICS]);
    assert_int_equal(scene_rings_n(&scene), 1); /* *.damaged */
    assert_int_equal(scene_spools_n(&scene), 0);
    fake_seen_free(seen);
    scene_remove(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_killed_process_logged_is_delivered),
        cmocka_unit_test(also_what_it_had_moved_to_the_spool),
        cmocka_unit_test(also_to_a_collector_that_misbehaves),
        cmocka_unit_test(what_was_committed_before_is_not_sent_twice),
        cmocka_unit_test(what_a_finished_run_left_is_delivered),
        cmocka_unit_test(without_a_collector_everything_stays),
        cmocka_unit_test(what_is_alive_is_left_alone),
        cmocka_unit_test(a_forked_child_does_not_keep_the_lock),
        cmocka_unit_test(the_next_run_delivers_it_in_the_background),
        cmocka_unit_test(a_damaged_ring_is_never_trusted),
        cmocka_unit_test(a_damaged_ring_is_set_aside_and_its_spool_delivered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
