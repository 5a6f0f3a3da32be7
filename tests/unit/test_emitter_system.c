/* SPDX-License-Identifier: Apache-2.0 */
/* System metrics from the samplers to the collector, and a driver that never answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"
#include "emitter/nvml.h"
#include "schema/wire/clock.h"
#include "tests/unit/fake_collector.h"
#include "tests/unit/fake_nvml.h"
#include "tests/unit/scene.h"

#define PATIENCE_MS 20000

static struct fake_nvml *gpus;
static struct fake_collector *collector;
static struct scene scene;

static int make(void **state) {
    (void)state;
    void *library = dlopen(NVML_LIBRARY, RTLD_NOW);
    gpus = library != NULL ? dlsym(library, "fake_nvml") : NULL;
    assert_non_null(gpus);
    gpus->gpus = 2;
    gpus->hangs = FAKE_NONE;
    scene_make(&scene);
    collector = fake_start(scene.endpoint, (struct fake_plan){0});
    return 0;
}

static bool wait_until(bool (*is_so)(void)) {
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (!is_so()) {
        if (clock_mono_ns() > deadline_ns) {
            return false;
        }
        usleep(1000);
    }
    return true;
}

/* Threads of this process with that name. */
static int threads_n(const char *name) {
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e = readdir(tasks); e != NULL; e = readdir(tasks)) {
        char path[300];
        char comm[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
        FILE *file = fopen(path, "re");
        if (file != NULL) {
            n += fgets(comm, sizeof comm, file) != NULL && strncmp(comm, name, strlen(name)) == 0;
            fclose(file);
        }
    }
    closedir(tasks);
    return n;
}

static bool no_sampler_is_left(void) {
    return threads_n("tocsin-gpu") == 0 && threads_n("tocsin-cpu") == 0;
}

static int drop(void **state) {
    (void)state;
    gpus->hangs = FAKE_NONE;
    assert_true(wait_until(no_sampler_is_left));
    scene_remove(&scene);
    return 0;
}

static struct tocsin *start(int gpu, int cpu) {
    struct tocsin_options options = scene_options(&scene);
    options.auto_log_gpu = gpu;
    options.auto_log_cpu = cpu;
    options.gpu_log_interval_s = 0.1;
    options.cpu_log_interval_s = 0.1;
    struct tocsin *run = NULL;
    assert_int_equal(tocsin_start(&options, &run), TOCSIN_OK);
    return run;
}

static bool has_definition(const struct fake_seen *seen, const char *first_name) {
    for (size_t i = 0; i < seen->definitions_n; i++) {
        if (strcmp(seen->first_names[i], first_name) == 0) {
            return true;
        }
    }
    return false;
}

static bool both_have_come(void) {
    const struct fake_seen seen = fake_look(collector);
    return has_definition(&seen, "gpu/0/utilization") && seen.calls_n >= 6 &&
           (has_definition(&seen, "cpu/utilization") || has_definition(&seen, "cpu/0/utilization"));
}

static void gpu_and_machine_arrive_by_themselves(void **state) {
    (void)state;
    struct tocsin *run = start(1, 1);
    assert_true(wait_until(both_have_come));
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    assert_true(no_sampler_is_left());
    struct fake_seen *seen = fake_stop(collector);
    assert_int_equal(seen->undefined_n, 0);
    assert_in_range(seen->definitions_n, 2, 8);
    size_t of_gpus = 0;
    for (size_t i = 0; i < seen->calls_n; i++) {
        assert_int_equal(seen->calls[i].step, seen->calls[i].time_ns / 1000);
        of_gpus += seen->calls[i].columns == 2 * 22 - 1 + 4 && seen->calls[i].first == 10 &&
                   seen->calls[i].last == 61;
    }
    assert_true(of_gpus > 0);
    assert_int_equal(seen->emitted[WIRE_LANE_METRICS], seen->calls_n);
    assert_int_equal(scene_rings_n(&scene), 0);
    fake_seen_free(seen);
}

static void nothing_is_sampled_unless_it_is_asked_for(void **state) {
    (void)state;
    struct tocsin *run = scene_start(&scene);
    assert_true(no_sampler_is_left());
    const unsigned inits = gpus->inits;
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(collector);
    assert_int_equal(seen->calls_n, 0);
    assert_int_equal(gpus->inits, inits);
    fake_seen_free(seen);
}

struct told {
    size_t times;
    size_t n;
    double mean_utilization;
    double memory_total;
};

static void tell(void *context, size_t n, const char *const *names, const double *values) {
    struct told *told = context;
    told->times++;
    told->n = n;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], "gpu/mean_utilization") == 0) {
            told->mean_utilization = values[i];
        }
        if (strcmp(names[i], "memory/total") == 0) {
            told->memory_total = values[i];
        }
    }
}

static void one_sample_can_be_asked_for(void **state) {
    (void)state;
    struct tocsin *run = start(0, 0);
    struct told told = {0};
    assert_int_equal(tocsin_sample(run, TOCSIN_SAMPLE_GPU, PATIENCE_MS, tell, &told), TOCSIN_OK);
    assert_int_equal(told.times, 1);
    assert_true(told.mean_utilization == 10.5);
    assert_int_equal(
        tocsin_sample(run, TOCSIN_SAMPLE_GPU | TOCSIN_SAMPLE_CPU, PATIENCE_MS, tell, &told),
        TOCSIN_OK);
    assert_int_equal(told.times, 3);
    assert_true(told.memory_total > 0);
    assert_int_equal(tocsin_sample(run, TOCSIN_SAMPLE_GPU, PATIENCE_MS, NULL, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_sample(run, 0, 0, NULL, NULL), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_sample(run, 4, 0, NULL, NULL), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_sample(NULL, TOCSIN_SAMPLE_CPU, 0, NULL, NULL), TOCSIN_ERR_ARGUMENT);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(collector);
    assert_int_equal(seen->calls_n, 4);
    fake_seen_free(seen);
}

static void without_a_gpu_there_is_silence(void **state) {
    (void)state;
    gpus->gpus = 0;
    struct tocsin *run = start(1, 0);
    struct told told = {0};
    assert_int_equal(tocsin_sample(run, TOCSIN_SAMPLE_GPU, PATIENCE_MS, tell, &told), TOCSIN_OK);
    assert_int_equal(told.times, 0);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    struct fake_seen *seen = fake_stop(collector);
    assert_int_equal(seen->calls_n, 0);
    fake_seen_free(seen);
}

static bool a_call_hangs(void) {
    return atomic_load(&gpus->inside) > 0;
}

static bool cpu_has_come(void) {
    return fake_look(collector).calls_n >= 3;
}

/* For each getter: the rest of the machine is told all the same, finish keeps its deadline, and
 * when the driver comes back the thread that was left behind does no harm and goes. */
static void a_driver_that_hangs_holds_up_nothing(void **state) {
    (void)state;
    gpus->hangs = FAKE_PCIE;
    struct tocsin *run = start(1, 1);
    assert_true(wait_until(a_call_hangs));
    assert_true(wait_until(cpu_has_come));
    assert_int_equal(tocsin_sample(run, TOCSIN_SAMPLE_GPU, 10, NULL, NULL), TOCSIN_ERR_TIMEOUT);
    const int64_t begin_ns = clock_mono_ns();
    assert_int_equal(tocsin_finish(&run, 5000), TOCSIN_OK);
    assert_true(clock_mono_ns() - begin_ns < 4 * CLOCK_NS_PER_S);
    assert_int_equal(threads_n("tocsin-gpu"), 1);
    assert_int_equal(threads_n("tocsin-cpu"), 0);
    struct fake_seen *seen = fake_stop(collector);
    assert_false(has_definition(seen, "gpu/0/utilization"));
    assert_int_equal(seen->finishes_n, 1);
    fake_seen_free(seen);
    const unsigned shutdowns = gpus->shutdowns;
    gpus->hangs = FAKE_NONE;
    assert_true(wait_until(no_sampler_is_left));
    assert_int_equal(gpus->shutdowns, shutdowns + 1);
}

static void a_finish_that_does_not_wait_does_not(void **state) {
    (void)state;
    gpus->hangs = FAKE_UTILIZATION;
    struct tocsin *run = start(1, 0);
    assert_true(wait_until(a_call_hangs));
    const int64_t begin_ns = clock_mono_ns();
    (void)tocsin_finish(&run, 0);
    assert_true(clock_mono_ns() - begin_ns < 2 * CLOCK_NS_PER_S);
    fake_seen_free(fake_stop(collector));
}

static void runs_may_come_and_go_while_they_are_sampled(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct tocsin *run = start(1, 1);
        if (i % 2 == 0) {
            (void)tocsin_sample(run, TOCSIN_SAMPLE_GPU, i, NULL, NULL);
        }
        assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    }
    fake_seen_free(fake_stop(collector));
}

__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
static bool is_child;
int __lsan_is_turned_off(void) {
    return is_child;
}

static void a_forked_child_samples_nothing(void **state) {
    (void)state;
    struct tocsin *run = start(1, 1);
    assert_true(wait_until(both_have_come));
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        is_child = true;
        const bool inert =
            no_sampler_is_left() &&
            tocsin_sample(run, TOCSIN_SAMPLE_GPU, 1000, NULL, NULL) == TOCSIN_ERR_FORKED &&
            tocsin_finish(&run, 1000) == TOCSIN_ERR_FORKED;
        _exit(inert ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(tocsin_sample(run, TOCSIN_SAMPLE_CPU, PATIENCE_MS, NULL, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_finish(&run, PATIENCE_MS), TOCSIN_OK);
    fake_seen_free(fake_stop(collector));
}

/* The second rank logs nothing by itself, but what it is asked for. */
static void of_two_ranks_one_samples(void **state) {
    (void)state;
    struct tocsin_options options = scene_options(&scene);
    options.run_id = "shared";
    options.world_size = 2;
    options.auto_log_gpu = 1;
    options.gpu_log_interval_s = 0.1;
    struct tocsin *runs[2] = {NULL, NULL};
    options.rank = 0;
    assert_int_equal(tocsin_start(&options, &runs[0]), TOCSIN_OK);
    assert_true(wait_until(cpu_has_come));
    options.rank = 1;
    assert_int_equal(tocsin_start(&options, &runs[1]), TOCSIN_OK);
    struct tocsin_stats stats = {.size = sizeof stats};
    const size_t seen_n = fake_look(collector).calls_n;
    assert_true(fake_wait(collector, seen_n + 5, 0));
    assert_int_equal(tocsin_get_stats(runs[1], &stats), TOCSIN_OK);
    assert_int_equal(stats.emitted, 0);
    assert_int_equal(tocsin_sample(runs[1], TOCSIN_SAMPLE_GPU, PATIENCE_MS, NULL, NULL), TOCSIN_OK);
    assert_int_equal(tocsin_get_stats(runs[1], &stats), TOCSIN_OK);
    assert_int_equal(stats.emitted, 1);
    assert_int_equal(tocsin_finish(&runs[0], PATIENCE_MS), TOCSIN_OK);
    const int64_t deadline_ns = clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
    while (stats.emitted < 3) { /* it has taken over */
        assert_true(clock_mono_ns() < deadline_ns);
        usleep(1000);
        assert_int_equal(tocsin_get_stats(runs[1], &stats), TOCSIN_OK);
    }
    assert_int_equal(tocsin_finish(&runs[1], PATIENCE_MS), TOCSIN_OK);
    fake_seen_free(fake_stop(collector));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(gpu_and_machine_arrive_by_themselves),
        TEST(nothing_is_sampled_unless_it_is_asked_for),
        TEST(one_sample_can_be_asked_for),
        TEST(without_a_gpu_there_is_silence),
        TEST(a_driver_that_hangs_holds_up_nothing),
        TEST(a_finish_that_does_not_wait_does_not),
        TEST(runs_may_come_and_go_while_they_are_sampled),
        TEST(a_forked_child_samples_nothing),
        TEST(of_two_ranks_one_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
