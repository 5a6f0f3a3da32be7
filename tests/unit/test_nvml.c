/* SPDX-License-Identifier: Apache-2.0 */
/* The door to NVIDIA's library, with a stand-in behind it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "emitter/nvml.h"
#include "tests/unit/fake_nvml.h"

static struct fake_nvml *fake;
static struct sample *sample;
static atomic_bool cancel;

static int make(void **state) {
    (void)state;
    void *library = dlopen(NVML_LIBRARY, RTLD_NOW);
    fake = library != NULL ? dlsym(library, "fake_nvml") : NULL;
    assert_non_null(fake);
    fake->gpus = 2;
    fake->lost_gpu = 0;
    fake->broken = FAKE_NONE;
    fake->init_fails = false;
    fake->energy_mj = 5000;
    cancel = false;
    sample = sample_new();
    assert_non_null(sample);
    return 0;
}

static int drop(void **state) {
    (void)state;
    sample_free(sample);
    return 0;
}

static double value_of(const char *name) {
    for (size_t i = 0; i < sample->n; i++) {
        if (strcmp(sample->names[i], name) == 0) {
            return sample->values[i];
        }
    }
    return NAN;
}

static void assert_value(const char *name, double expected) {
    const double value = value_of(name);
    if (!(fabs(value - expected) < 1e-9)) {
        fail_msg("%s is %g, not %g", name, value, expected);
    }
}

static const struct {
    const char *name;
    double expected;
    enum fake_getter getter;
} expectations[] = {
    {"gpu/0/utilization", 10, FAKE_UTILIZATION},
    {"gpu/0/memory_utilization", 20, FAKE_UTILIZATION},
    {"gpu/1/utilization", 11, FAKE_UTILIZATION},
    {"gpu/0/allocated_memory", 20, FAKE_MEMORY},
    {"gpu/0/total_memory", 80, FAKE_MEMORY},
    {"gpu/0/memory_usage", 0.25, FAKE_MEMORY},
    {"gpu/0/power", 350, FAKE_POWER},
    {"gpu/0/power_limit", 700, FAKE_POWER_LIMIT},
    {"gpu/0/power_percent", 50, FAKE_POWER_LIMIT},
    {"gpu/1/temp", 61, FAKE_TEMPERATURE},
    {"gpu/0/sm_clock", 1980, FAKE_CLOCK},
    {"gpu/0/memory_clock", 2619, FAKE_CLOCK},
    {"gpu/1/fan_speed", 31, FAKE_FAN},
    {"gpu/0/performance_state", 2, FAKE_PERFORMANCE},
    {"gpu/0/energy_consumed", 3, FAKE_ENERGY},
    {"gpu/0/pcie_tx", 2, FAKE_PCIE},
    {"gpu/1/pcie_rx", 5, FAKE_PCIE},
    {"gpu/0/throttle_thermal", 1, FAKE_THROTTLE},
    {"gpu/0/throttle_power", 0, FAKE_THROTTLE},
    {"gpu/0/throttle_hw_slowdown", 1, FAKE_THROTTLE},
    {"gpu/1/throttle_apps", 1, FAKE_THROTTLE},
    {"gpu/0/corrected_memory_errors", 5, FAKE_ECC},
    {"gpu/1/uncorrected_memory_errors", 2, FAKE_ECC},
    {"gpu/mean_utilization", 10.5, FAKE_UTILIZATION},
    {"gpu/total_allocated_memory", 41, FAKE_MEMORY},
    {"gpu/total_power", 701, FAKE_POWER},
    {"gpu/max_temp", 61, FAKE_TEMPERATURE},
};
#define EXPECTATIONS (sizeof expectations / sizeof expectations[0])

static void read_once(struct nvml *nvml) {
    fake->energy_mj += 3000;
    sample_begin(sample);
    nvml_read(nvml, &cancel, sample);
}

static void every_metric_has_its_name_and_unit(void **state) {
    (void)state;
    struct nvml *nvml = nvml_open(NVML_LIBRARY);
    assert_non_null(nvml);
    read_once(nvml);
    for (size_t i = 0; i < EXPECTATIONS; i++) {
        assert_value(expectations[i].name, expectations[i].expected);
    }
    assert_true(isnan(value_of("gpu/1/performance_state"))); /* 32 means that nobody knows */
    assert_int_equal(sample->n, 2 * 22 - 1 + 4);
    const unsigned shutdowns = fake->shutdowns;
    nvml_close(nvml);
    assert_int_equal(fake->shutdowns, shutdowns + 1);
}

static void a_getter_that_fails_takes_only_its_own_with_it(void **state) {
    (void)state;
    struct nvml *nvml = nvml_open(NVML_LIBRARY);
    assert_non_null(nvml);
    for (int getter = 0; getter < FAKE_GETTERS; getter++) {
        fake->broken = getter;
        read_once(nvml);
        for (size_t i = 0; i < EXPECTATIONS; i++) {
            const bool gone =
                (int)expectations[i].getter == getter ||
                (getter == FAKE_POWER && strcmp(expectations[i].name, "gpu/0/power_percent") == 0);
            if (isnan(value_of(expectations[i].name)) != gone) {
                fail_msg("%s with getter %d broken", expectations[i].name, getter);
            }
        }
    }
    nvml_close(nvml);
}

static void energy_goes_on_after_the_driver_was_loaded_again(void **state) {
    (void)state;
    struct nvml *nvml = nvml_open(NVML_LIBRARY);
    assert_non_null(nvml);
    read_once(nvml);
    fake->energy_mj = 0;
    sample_begin(sample);
    nvml_read(nvml, &cancel, sample);
    assert_value("gpu/0/energy_consumed", 3);
    read_once(nvml);
    assert_value("gpu/0/energy_consumed", 6);
    nvml_close(nvml);
}

static void a_gpu_that_is_lost_leaves_the_others_their_numbers(void **state) {
    (void)state;
    fake->gpus = 3;
    fake->lost_gpu = 1;
    struct nvml *nvml = nvml_open(NVML_LIBRARY);
    assert_non_null(nvml);
    read_once(nvml);
    assert_value("gpu/0/temp", 60);
    assert_true(isnan(value_of("gpu/1/temp")));
    assert_value("gpu/2/temp", 62);
    assert_value("gpu/mean_utilization", 11);
    nvml_close(nvml);
}

static void a_count_that_makes_no_sense_is_bounded(void **state) {
    (void)state;
    fake->gpus = UINT32_MAX;
    struct nvml *nvml = nvml_open(NVML_LIBRARY);
    assert_non_null(nvml);
    read_once(nvml);
    assert_value("gpu/63/temp", 60 + 63);
    assert_true(isnan(value_of("gpu/64/temp")));
    assert_value("gpu/max_temp", 60 + 63);
    nvml_close(nvml);
}

static void without_library_driver_or_gpu_there_is_nothing(void **state) {
    (void)state;
    assert_null(nvml_open("libtocsin-there-is-no-such-library.so.1"));
    assert_null(nvml_open("libc.so.6")); /* not NVML */
    fake->init_fails = true;
    assert_null(nvml_open(NVML_LIBRARY));
    fake->init_fails = false;
    fake->gpus = 0;
    const unsigned shutdowns = fake->shutdowns;
    assert_null(nvml_open(NVML_LIBRARY));
    assert_int_equal(fake->shutdowns, shutdowns + 1);
}

static void a_cancelled_reading_asks_no_more(void **state) {
    (void)state;
    struct nvml *nvml = nvml_open(NVML_LIBRARY);
    assert_non_null(nvml);
    cancel = true;
    read_once(nvml);
    assert_int_equal(sample->n, 0);
    nvml_close(nvml);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_metric_has_its_name_and_unit, make, drop),
        cmocka_unit_test_setup_teardown(a_getter_that_fails_takes_only_its_own_with_it, make, drop),
        cmocka_unit_test_setup_teardown(energy_goes_on_after_the_driver_was_loaded_again, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_gpu_that_is_lost_leaves_the_others_their_numbers, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_count_that_makes_no_sense_is_bounded, make, drop),
        cmocka_unit_test_setup_teardown(without_library_driver_or_gpu_there_is_nothing, make, drop),
        cmocka_unit_test_setup_teardown(a_cancelled_reading_asks_no_more, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
