/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of tocsin.h to a program that forks, or ends without a word. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
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

/* LeakSanitizer asks this at exit. A child that leaves while libzmq's threads run has nothing to
 * say about leaks: what they hold on their stacks cannot be seen. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
static bool is_child;
int __lsan_is_turned_off(void) {
    return is_child;
}

/* What a child did, as its exit status: 0, or the number of the first line that was not as it must
 * be. The assertions of cmocka would go on in the child. */
static int in_child(int (*act)(struct tocsin *run), struct tocsin *run) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        is_child = true;
        _exit(act(run));
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int call_everything(struct tocsin *run) {
    struct tocsin_stats stats = {.size = sizeof stats};
    tocsin_keyset keyset;
    const enum tocsin_err errs[] = {
        tocsin_prepare(run, 1, names, &keyset),
        tocsin_log(run, 0, 1, &one),
        tocsin_log_named(run, 1, 1, names, &one),
        tocsin_log_system(run, 1, names, &one),
        tocsin_alert(run, TOCSIN_INFO, "from the child", NULL, 1, NULL),
        tocsin_set_config(run, "{}"),
        tocsin_get_stats(run, &stats),
        tocsin_sample(run, TOCSIN_SAMPLE_GPU | TOCSIN_SAMPLE_CPU, 1000, NULL, NULL),
        tocsin_finish(&run, PATIENCE_MS),
    };
    for (int i = 0; i < (int)(sizeof errs / sizeof errs[0]); i++) {
        if (errs[i] != TOCSIN_ERR_FORKED) {
            return i + 1;
        }
    }
    return run == NULL ? 0 : 99;
}

static int leave_as_programs_do(struct tocsin *run) {
    (void)run;
    exit(0); /* with the atexit() of every library */
}

static void a_forked_child_cannot_disturb_its_parents_run(void **state) {
    (void)state;
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    assert_int_equal(tocsin_log_named(run, 0, 1, names, &one), TOCSIN_OK);
    assert_true(fake_wait(fake, 1, 0));
    assert_int_equal(in_child(call_everything, run), 0);
    assert_int_equal(in_child(leave_as_programs_do, run), 0);
    assert_int_equal(tocsin_log_named(run, 1, 1, names, &one), TOCSIN_OK);
    assert_true(fake_wait(fake, 2, 0)); /* over the connection that the children had too */
    assert_int_equal(fake_look(fake).hellos_n, 1);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 2);
    assert_int_equal(seen->alerts_n, 0);
    assert_int_equal(seen->producers_n, 1);
    assert_int_equal(scene_rings_n(&scene), 0);
    fake_seen_free(seen);
}

/* ThreadSanitizer ends a forked child that starts a thread. */
static void need_threads_after_fork(void) {
#ifdef __SANITIZE_THREAD__
    skip();
#endif
}

static int start_another(struct tocsin *run) {
    const struct tocsin_options options = scene_options(&scene);
    (void)run;
    struct tocsin *own = NULL;
    if (tocsin_start(&options, &own) != TOCSIN_OK) {
        return 1;
    }
    if (tocsin_log_named(own, 77, 1, names, &one) != TOCSIN_OK) {
        return 2;
    }
    return tocsin_finish(&own, PATIENCE_MS) == TOCSIN_OK ? 0 : 3;
}

static void a_forked_child_may_have_a_run_of_its_own(void **state) {
    (void)state;
    need_threads_after_fork();
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    struct tocsin *run = scene_start(&scene);
    assert_int_equal(tocsin_log_named(run, 1, 1, names, &one), TOCSIN_OK);
    assert_true(fake_wait(fake, 1, 0)); /* docs/emitter.md: not while the parent still connects */
    assert_int_equal(in_child(start_another, run), 0);
    assert_int_equal(tocsin_log_named(run, 2, 1, names, &one), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(fake);
    assert_int_equal(seen->calls_n, 3);
    assert_int_equal(seen->calls[1].step, 77);
    assert_int_equal(seen->calls[2].step, 2);
    assert_int_equal(seen->producers_n, 2);
    fake_seen_free(seen);
}

static int leave_with_a_run(struct tocsin *run) {
    (void)run;
    struct tocsin *own = scene_start(&scene);
    tocsin_log_named(own, 1, 1, names, &one);
    exit(0); /* the courier is in the middle of anything */
}

static void a_process_that_exits_without_finish_just_ends(void **state) {
    (void)state;
    need_threads_after_fork();
    struct fake_collector *fake = fake_start(scene.endpoint, (struct fake_plan){0});
    for (int i = 0; i < 20; i++) {
        assert_int_equal(in_child(leave_with_a_run, NULL), 0);
    }
    assert_int_equal(scene_rings_n(&scene), 20); /* what it had logged is not lost */
    fake_seen_free(fake_stop(fake));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_forked_child_cannot_disturb_its_parents_run),
        TEST(a_forked_child_may_have_a_run_of_its_own),
        TEST(a_process_that_exits_without_finish_just_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
