/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/identity.h"

static struct settings settings;

static int reset(void **state) {
    (void)state;
    clearenv();
    settings = (struct settings){.project = "p", .rank = 0, .world_size = 4};
    return 0;
}

static struct identity make(void) {
    struct identity identity;
    assert_int_equal(identity_make(&settings, &identity), ERR_OK);
    assert_true(identity.run_id <= INT64_MAX);
    return identity;
}

static uint64_t run_id(void) {
    return make().run_id;
}

static void a_run_without_a_launcher_is_like_no_other(void **state) {
    (void)state;
    const struct identity a = make();
    const struct identity b = make();
    assert_true(a.run_id != b.run_id);
    assert_memory_not_equal(&a.producer, &b.producer, sizeof a.producer);
}

static void ranks_of_one_launch_agree_and_are_different_producers(void **state) {
    (void)state;
    settings.run_id = "launch 7";
    const struct identity a = make();
    settings.rank = 1;
    const struct identity b = make();
    assert_true(a.run_id == b.run_id);
    assert_string_equal(a.name, b.name);
    assert_memory_not_equal(&a.producer, &b.producer, sizeof a.producer);
    settings.project = "q";
    assert_true(run_id() != a.run_id);
    settings.project = "p";
    settings.run_id = "launch 8";
    assert_true(run_id() != a.run_id);
}

/* The variables of each launcher, the strongest first. */
static const struct {
    const char *first, *second;
} launches[] = {
    {"TORCHELASTIC_RUN_ID", NULL}, {"SLURM_JOB_ID", "SLURM_STEP_ID"},
    {"PMIX_NAMESPACE", NULL},      {"OMPI_MCA_ess_base_jobid", NULL},
    {"PMI_JOBID", NULL},           {"MASTER_ADDR", "MASTER_PORT"},
};
#define LAUNCHES (sizeof launches / sizeof launches[0])

static void set(size_t i, const char *first, const char *second) {
    setenv(launches[i].first, first, 1);
    if (launches[i].second != NULL) {
        setenv(launches[i].second, second, 1);
    }
}

static void every_launcher_names_its_launch(void **state) {
    for (size_t i = 0; i < LAUNCHES; i++) {
        reset(state);
        set(i, "a", "1");
        const uint64_t id = run_id();
        assert_true(run_id() == id);
        set(i, "b", "1");
        assert_true(run_id() != id);
        if (launches[i].second != NULL) {
            set(i, "a", "2");
            assert_true(run_id() != id);
            unsetenv(launches[i].second); /* half a name is none */
            assert_true(run_id() != run_id());
        }
    }
}

static void the_strongest_launcher_decides(void **state) {
    (void)state;
    for (size_t i = LAUNCHES; i-- > 0;) {
        set(i, "a", "1");
        const uint64_t id = run_id();
        for (size_t weaker = i + 1; weaker < LAUNCHES; weaker++) {
            set(weaker, "other", "2");
            assert_true(run_id() == id);
        }
    }
    settings.run_id = "given";
    const uint64_t given = run_id();
    set(0, "another", "9");
    assert_true(run_id() == given);
}

static void a_torchrun_without_a_name_is_named_by_the_next(void **state) {
    (void)state;
    set(1, "job", "0");
    const uint64_t slurm = run_id();
    set(0, "none", NULL);
    assert_true(run_id() == slurm);
}

/* Several programs one after the other in one batch job see the same variables. */
static void a_world_of_one_asks_no_launcher(void **state) {
    (void)state;
    set(1, "job", "0");
    settings.world_size = 1;
    assert_true(run_id() != run_id());
    settings.run_id = "given";
    assert_true(run_id() == run_id());
}

/* The run id as a child of a new process sees it; so each call has another parent. */
static uint64_t run_id_below_another_parent(void) {
    int ends[2];
    uint64_t id = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        const pid_t child = fork();
        if (child == 0) {
            struct identity identity = {.run_id = 0};
            const enum err err = identity_make(&settings, &identity);
            const ssize_t n = write(ends[1], &identity.run_id, sizeof identity.run_id);
            _exit(err == ERR_OK && n == sizeof identity.run_id ? 0 : 1);
        }
        int status = 1;
        waitpid(child, &status, 0);
        _exit(status == 0 ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &id, sizeof id), sizeof id);
    close(ends[0]);
    close(ends[1]);
    return id;
}

/* Every torchrun on a node uses the same port by default: the agent that started the ranks tells
 * two of them apart. On several nodes there are several agents, and nothing but the address. */
static void launches_on_one_node_are_told_apart_by_their_parent(void **state) {
    (void)state;
    set(5, "localhost", "29500");
    setenv("WORLD_SIZE", "4", 1);
    setenv("LOCAL_WORLD_SIZE", "4", 1);
    assert_true(run_id() == run_id());
    assert_true(run_id_below_another_parent() != run_id_below_another_parent());
    setenv("LOCAL_WORLD_SIZE", "2", 1);
    assert_true(run_id_below_another_parent() == run_id_below_another_parent());
}

static void a_name_is_three_words_for_people(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++) {
        const struct identity identity = make();
        const size_t letters = strspn(identity.name, "abcdefghijklmnopqrstuvwxyz");
        const char *noun = identity.name + letters + 1;
        const size_t noun_letters = strspn(noun, "abcdefghijklmnopqrstuvwxyz");
        const char *number = noun + noun_letters + 1;
        assert_true(letters > 0 && noun_letters > 0);
        assert_int_equal(noun[-1], '-');
        assert_int_equal(number[-1], '-');
        assert_in_range(strlen(number), 1, 3);
        assert_int_equal(strspn(number, "0123456789"), strlen(number));
    }
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_run_without_a_launcher_is_like_no_other),
        TEST(ranks_of_one_launch_agree_and_are_different_producers),
        TEST(every_launcher_names_its_launch),
        TEST(the_strongest_launcher_decides),
        TEST(a_torchrun_without_a_name_is_named_by_the_next),
        TEST(a_world_of_one_asks_no_launcher),
        TEST(launches_on_one_node_are_told_apart_by_their_parent),
        TEST(a_name_is_three_words_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
