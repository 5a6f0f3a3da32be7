/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_nvml.h"

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#define EXPORT        __attribute__((visibility("default")))
#define NOT_SUPPORTED 3
#define GIB           (1024ULL * 1024 * 1024)

EXPORT extern struct fake_nvml fake_nvml;
struct fake_nvml fake_nvml = {.gpus = 2, .broken = FAKE_NONE, .hangs = FAKE_NONE};

static int answer(enum fake_getter getter) {
    if (atomic_load(&fake_nvml.hangs) == (int)getter) {
        atomic_fetch_add(&fake_nvml.inside, 1);
        while (atomic_load(&fake_nvml.hangs) == (int)getter) {
            usleep(1000);
        }
        atomic_fetch_sub(&fake_nvml.inside, 1);
    }
    return atomic_load(&fake_nvml.broken) == (int)getter ? NOT_SUPPORTED : 0;
}

/* Handles are numbers from 1. */
static unsigned index_of(const void *gpu) {
    return (unsigned)(uintptr_t)gpu - 1;
}

#define FUNCTION(name, ...)                                                                        \
    EXPORT int name(__VA_ARGS__);                                                                  \
    int name(__VA_ARGS__)

FUNCTION(nvmlInit_v2, void) {
    atomic_fetch_add(&fake_nvml.inits, 1);
    return atomic_load(&fake_nvml.init_fails) ? 9 : 0;
}

FUNCTION(nvmlShutdown, void) {
    atomic_fetch_add(&fake_nvml.shutdowns, 1);
    return 0;
}

FUNCTION(nvmlDeviceGetCount_v2, unsigned *out) {
    *out = atomic_load(&fake_nvml.gpus);
    return 0;
}

FUNCTION(nvmlDeviceGetHandleByIndex_v2, unsigned i, uintptr_t *out) {
    *out = i + 1;
    return i > 0 && i == atomic_load(&fake_nvml.lost_gpu) ? 15 : 0;
}

FUNCTION(nvmlDeviceGetUtilizationRates, void *gpu, unsigned *out) {
    out[0] = 10 + index_of(gpu);
    out[1] = 20 + index_of(gpu);
    return answer(FAKE_UTILIZATION);
}

FUNCTION(nvmlDeviceGetMemoryInfo, void *gpu, unsigned long long *out) {
    out[0] = 80 * GIB;
    out[1] = (60 - index_of(gpu)) * GIB;
    out[2] = (20 + index_of(gpu)) * GIB;
    return answer(FAKE_MEMORY);
}

FUNCTION(nvmlDeviceGetPowerUsage, void *gpu, unsigned *out) {
    *out = 350000 + 1000 * index_of(gpu);
    return answer(FAKE_POWER);
}

FUNCTION(nvmlDeviceGetPowerManagementLimit, void *gpu, unsigned *out) {
    (void)gpu;
    *out = 700000;
    return answer(FAKE_POWER_LIMIT);
}

FUNCTION(nvmlDeviceGetTemperature, void *gpu, int sensor, unsigned *out) {
    *out = 60 + index_of(gpu);
    return sensor == 0 ? answer(FAKE_TEMPERATURE) : NOT_SUPPORTED;
}

FUNCTION(nvmlDeviceGetClockInfo, void *gpu, int type, unsigned *out) {
    *out = (type == 1 ? 1980 : 2619) + index_of(gpu);
    return answer(FAKE_CLOCK);
}

FUNCTION(nvmlDeviceGetFanSpeed, void *gpu, unsigned *out) {
    *out = 30 + index_of(gpu);
    return answer(FAKE_FAN);
}

FUNCTION(nvmlDeviceGetPerformanceState, void *gpu, int *out) {
    *out = index_of(gpu) == 0 ? 2 : 32; /* the second one does not know */
    return answer(FAKE_PERFORMANCE);
}

FUNCTION(nvmlDeviceGetTotalEnergyConsumption, void *gpu, unsigned long long *out) {
    (void)gpu;
    *out = atomic_load(&fake_nvml.energy_mj);
    return answer(FAKE_ENERGY);
}

FUNCTION(nvmlDeviceGetPcieThroughput, void *gpu, int counter, unsigned *out) {
    *out = (counter == 0 ? 2048 : 4096) + 1024 * index_of(gpu);
    return answer(FAKE_PCIE);
}

FUNCTION(nvmlDeviceGetCurrentClocksThrottleReasons, void *gpu, unsigned long long *out) {
    *out = index_of(gpu) == 0 ? 0x20 | 0x08 : 0x04 | 0x02;
    return answer(FAKE_THROTTLE);
}

FUNCTION(nvmlDeviceGetTotalEccErrors, void *gpu, int type, int counter, unsigned long long *out) {
    *out = (type == 0 ? 5 : 1) + index_of(gpu);
    return counter == 0 ? answer(FAKE_ECC) : NOT_SUPPORTED;
}
