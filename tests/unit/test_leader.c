/* SPDX-License-Identifier: Apache-2.0 */
/* One rank of a run speaks for its machine. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/claims.h"
#include "emitter/leader.h"
#include "tests/unit/scene.h"

#define RUN UINT64_C(0x0123456789abcdef)

static struct scene scene;
static char ring[128];

static int make(void **state) {
    (void)state;
    scene_make(&scene);
    assert_int_equal(mkdir(scene.rings, 0700), 0);
    snprintf(ring, sizeof ring, "%s/x.ring", scene.rings);
    return 0;
}

static int drop(void **state) {
    (void)state;
    scene_remove(&scene);
    return 0;
}

/* Another rank on this machine, which leads and then waits to be killed. */
static pid_t another_leader(uint64_t run_id) {
    int told[2];
    char yes = 'n';
    assert_int_equal(pipe(told), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct leader leader;
        leader_init(&leader, ring, run_id, -1);
        const char answer = leader_take(&leader) ? 'y' : 'n';
        if (write(told[1], &answer, 1) == 1) {
            alarm(60);
            pause();
        }
        _exit(1);
    }
    assert_int_equal(read(told[0], &yes, 1), 1);
    assert_int_equal(yes, 'y');
    close(told[0]);
    close(told[1]);
    return pid;
}

static void end(pid_t pid) {
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void of_several_processes_one_leads_and_when_it_dies_another(void **state) {
    (void)state;
    struct leader leader;
    const pid_t pid = another_leader(RUN);
    leader_init(&leader, ring, RUN, -1);
    assert_false(leader_take(&leader));
    assert_false(leader_take(&leader));
    end(pid);
    assert_true(leader_take(&leader));
    assert_true(leader_take(&leader));
    leader_fini(&leader);
    assert_int_equal(scene_rings_n(&scene), 0);
}

static void runs_do_not_stand_in_each_others_way(void **state) {
    (void)state;
    struct leader leader;
    const pid_t pid = another_leader(RUN);
    leader_init(&leader, ring, RUN + 1, 0);
    assert_true(leader_take(&leader));
    leader_fini(&leader);
    end(pid);
}

static void two_ranks_in_one_process_are_told_apart(void **state) {
    (void)state;
    struct leader first;
    struct leader second;
    leader_init(&first, ring, RUN, -1);
    leader_init(&second, ring, RUN, -1);
    assert_true(leader_take(&first));
    assert_false(leader_take(&second));
    leader_fini(&first);
    assert_true(leader_take(&second));
    leader_fini(&second);
}

static void a_rank_that_is_not_the_first_never_leads(void **state) {
    (void)state;
    struct leader leader;
    leader_init(&leader, ring, RUN, 1);
    assert_false(leader_take(&leader));
    leader_fini(&leader);
    leader_init(&leader, ring, RUN, 0);
    assert_true(leader_take(&leader));
    leader_fini(&leader);
}

static void what_a_killed_leader_left_is_swept_and_what_a_living_one_has_is_not(void **state) {
    (void)state;
    const pid_t dead = another_leader(RUN);
    const pid_t living = another_leader(RUN + 1);
    struct leader own;
    end(dead);
    leader_init(&own, ring, RUN + 2, -1);
    assert_true(leader_take(&own));
    assert_int_equal(scene_rings_n(&scene), 3);
    leader_sweep(scene.rings);
    assert_int_equal(scene_rings_n(&scene), 2);
    struct leader other;
    leader_init(&other, ring, RUN + 2, -1);
    assert_false(leader_take(&other)); /* the sweep has not cost us ours */
    leader_fini(&other);
    leader_fini(&own);
    end(living);
}

static void without_a_directory_nobody_leads(void **state) {
    (void)state;
    struct leader leader;
    leader_init(&leader, "/nowhere/at/all.ring", RUN, 0);
    assert_false(leader_take(&leader));
    leader_fini(&leader);
    leader_sweep("/nowhere/at");
}

static void *claim_and_give_up(void *context) {
    const struct wire_id stream = {.bytes = {*(const uint8_t *)context}};
    uintptr_t refused = 0;
    for (int i = 0; i < 2000; i++) {
        if (claims_add(&stream)) {
            claims_remove(&stream);
        } else {
            refused++;
        }
    }
    return (void *)refused;
}

/* They are looked through by one thread while another one changes them: for ThreadSanitizer. */
static void claims_may_change_while_they_are_looked_through(void **state) {
    (void)state;
    const uint8_t ids[] = {1, 2, 3};
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, claim_and_give_up, (void *)(uintptr_t)&ids[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        void *refused = NULL;
        assert_int_equal(pthread_join(threads[i], &refused), 0);
        assert_null(refused); /* each claims a stream of its own */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_several_processes_one_leads_and_when_it_dies_another,
                                        make, drop),
        cmocka_unit_test_setup_teardown(runs_do_not_stand_in_each_others_way, make, drop),
        cmocka_unit_test_setup_teardown(two_ranks_in_one_process_are_told_apart, make, drop),
        cmocka_unit_test_setup_teardown(a_rank_that_is_not_the_first_never_leads, make, drop),
        cmocka_unit_test_setup_teardown(
            what_a_killed_leader_left_is_swept_and_what_a_living_one_has_is_not, make, drop),
        cmocka_unit_test_setup_teardown(without_a_directory_nobody_leads, make, drop),
        cmocka_unit_test(claims_may_change_while_they_are_looked_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
