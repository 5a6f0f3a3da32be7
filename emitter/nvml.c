/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GIB                (1024.0 * 1024 * 1024)
#define MW_PER_W           1000.0
#define MJ_PER_J           1000.0
#define KB_PER_MB          1024.0
#define PERFORMANCE_STATES 16 /* P0 to P15; 32 means unknown */

/* As much of nvml.h as is used: its names, numbers and layouts are frozen by NVIDIA. */
typedef int nvml_return; /* 0: it went well */
typedef struct nvml_device *nvml_handle;
enum { NVML_CLOCK_SM = 1, NVML_CLOCK_MEM = 2 };
enum { NVML_PCIE_TX = 0, NVML_PCIE_RX = 1 };
enum { NVML_ECC_CORRECTED = 0, NVML_ECC_UNCORRECTED = 1 };
enum { NVML_ECC_VOLATILE = 0 }; /* since the driver was loaded */
enum { NVML_TEMPERATURE_GPU = 0 };
struct nvml_utilization {
    unsigned gpu, memory;
};
struct nvml_memory {
    unsigned long long total, free, used;
};

struct calls {
    nvml_return (*init)(void);
    nvml_return (*shutdown)(void);
    nvml_return (*count)(unsigned *);
    nvml_return (*handle)(unsigned, nvml_handle *);
    nvml_return (*utilization)(nvml_handle, struct nvml_utilization *);
    nvml_return (*memory)(nvml_handle, struct nvml_memory *);
    nvml_return (*power)(nvml_handle, unsigned *);
    nvml_return (*power_limit)(nvml_handle, unsigned *);
    nvml_return (*temperature)(nvml_handle, int, unsigned *);
    nvml_return (*clock)(nvml_handle, int, unsigned *);
    nvml_return (*fan)(nvml_handle, unsigned *);
    nvml_return (*performance)(nvml_handle, int *);
    nvml_return (*energy)(nvml_handle, unsigned long long *);
    nvml_return (*pcie)(nvml_handle, int, unsigned *);
    nvml_return (*throttle)(nvml_handle, unsigned long long *);
    nvml_return (*ecc)(nvml_handle, int, int, unsigned long long *);
};

static const struct {
    const char *symbol;
    size_t at; /* in struct calls */
    bool needed;
} symbols[] = {
    {"nvmlInit_v2", offsetof(struct calls, init), true},
    {"nvmlShutdown", offsetof(struct calls, shutdown), true},
    {"nvmlDeviceGetCount_v2", offsetof(struct calls, count), true},
    {"nvmlDeviceGetHandleByIndex_v2", offsetof(struct calls, handle), true},
    {"nvmlDeviceGetUtilizationRates", offsetof(struct calls, utilization), false},
    {"nvmlDeviceGetMemoryInfo", offsetof(struct calls, memory), false},
    {"nvmlDeviceGetPowerUsage", offsetof(struct calls, power), false},
    {"nvmlDeviceGetPowerManagementLimit", offsetof(struct calls, power_limit), false},
    {"nvmlDeviceGetTemperature", offsetof(struct calls, temperature), false},
    {"nvmlDeviceGetClockInfo", offsetof(struct calls, clock), false},
    {"nvmlDeviceGetFanSpeed", offsetof(struct calls, fan), false},
    {"nvmlDeviceGetPerformanceState", offsetof(struct calls, performance), false},
    {"nvmlDeviceGetTotalEnergyConsumption", offsetof(struct calls, energy), false},
    {"nvmlDeviceGetPcieThroughput", offsetof(struct calls, pcie), false},
    {"nvmlDeviceGetCurrentClocksThrottleReasons", offsetof(struct calls, throttle), false},
    {"nvmlDeviceGetTotalEccErrors", offsetof(struct calls, ecc), false},
};

struct gpu {
    nvml_handle handle;
    bool has_energy;
    unsigned long long energy_mj; /* when it was read last */
    double consumed_mj;
};

struct nvml {
    struct calls calls;
    unsigned gpus_n;
    struct gpu gpus[NVML_GPUS_MAX];
};

/* One GPU while it is read. */
struct reading {
    const struct calls *calls;
    struct gpu *gpu;
    unsigned index;
    struct sample *out;
    double utilization; /* for the sums over all GPUs; NaN: not known */
    double used_gib;
    double power_w;
    double temperature;
};

static void set(struct reading *r, double value, const char *name) {
    sample_set(r->out, value, "gpu/%u/%s", r->index, name);
}

/* The getters. Each is called if its symbol is there. */

static void read_utilization(struct reading *r) {
    struct nvml_utilization v;
    if (r->calls->utilization(r->gpu->handle, &v) == 0) {
        r->utilization = v.gpu;
        set(r, v.gpu, "utilization");
        set(r, v.memory, "memory_utilization");
    }
}

static void read_memory(struct reading *r) {
    struct nvml_memory v;
    if (r->calls->memory(r->gpu->handle, &v) == 0) {
        r->used_gib = (double)v.used / GIB;
        set(r, r->used_gib, "allocated_memory");
        set(r, (double)v.total / GIB, "total_memory");
        set(r, v.total > 0 ? (double)v.used / (double)v.total : NAN, "memory_usage");
    }
}

static void read_power(struct reading *r) {
    unsigned mw;
    if (r->calls->power(r->gpu->handle, &mw) == 0) {
        r->power_w = mw / MW_PER_W;
        set(r, r->power_w, "power");
    }
}

static void read_power_limit(struct reading *r) {
    unsigned mw;
    if (r->calls->power_limit(r->gpu->handle, &mw) == 0) {
        const double limit_w = mw / MW_PER_W;
        set(r, limit_w, "power_limit");
        set(r, mw > 0 ? r->power_w / limit_w * 100 : NAN, "power_percent");
    }
}

static void read_temperature(struct reading *r) {
    unsigned celsius;
    if (r->calls->temperature(r->gpu->handle, NVML_TEMPERATURE_GPU, &celsius) == 0) {
        r->temperature = celsius;
        set(r, celsius, "temp");
    }
}

static void read_clocks(struct reading *r) {
    unsigned mhz;
    if (r->calls->clock(r->gpu->handle, NVML_CLOCK_SM, &mhz) == 0) {
        set(r, mhz, "sm_clock");
    }
    if (r->calls->clock(r->gpu->handle, NVML_CLOCK_MEM, &mhz) == 0) {
        set(r, mhz, "memory_clock");
    }
}

static void read_fan(struct reading *r) {
    unsigned percent;
    if (r->calls->fan(r->gpu->handle, &percent) == 0) {
        set(r, percent, "fan_speed");
    }
}

static void read_performance(struct reading *r) {
    int state;
    if (r->calls->performance(r->gpu->handle, &state) == 0 && state >= 0 &&
        state < PERFORMANCE_STATES) {
        set(r, state, "performance_state");
    }
}

/* The counter begins anew when the driver is loaded again: what it shows then is a new base. */
static void read_energy(struct reading *r) {
    struct gpu *gpu = r->gpu;
    unsigned long long mj;
    if (r->calls->energy(gpu->handle, &mj) != 0) {
        return;
    }
    if (gpu->has_energy && mj > gpu->energy_mj) {
        gpu->consumed_mj += (double)(mj - gpu->energy_mj);
    }
    gpu->has_energy = true;
    gpu->energy_mj = mj;
    set(r, gpu->consumed_mj / MJ_PER_J, "energy_consumed");
}

static void read_pcie(struct reading *r) {
    unsigned kb;
    if (r->calls->pcie(r->gpu->handle, NVML_PCIE_TX, &kb) == 0) {
        set(r, kb / KB_PER_MB, "pcie_tx");
    }
    if (r->calls->pcie(r->gpu->handle, NVML_PCIE_RX, &kb) == 0) {
        set(r, kb / KB_PER_MB, "pcie_rx");
    }
}

static const struct {
    unsigned long long reason; /* a bit of nvmlClocksThrottleReasons */
    const char *name;
} throttles[] = {
    {0x20, "throttle_thermal"}, /* by software; in hardware it is a slowdown */
    {0x04, "throttle_power"},
    {0x08, "throttle_hw_slowdown"},
    {0x02, "throttle_apps"},
};

static void read_throttle(struct reading *r) {
    unsigned long long reasons;
    if (r->calls->throttle(r->gpu->handle, &reasons) == 0) {
        for (size_t i = 0; i < sizeof throttles / sizeof throttles[0]; i++) {
            set(r, (reasons & throttles[i].reason) != 0 ? 1 : 0, throttles[i].name);
        }
    }
}

static void read_ecc(struct reading *r) {
    unsigned long long errors;
    if (r->calls->ecc(r->gpu->handle, NVML_ECC_CORRECTED, NVML_ECC_VOLATILE, &errors) == 0) {
        set(r, (double)errors, "corrected_memory_errors");
    }
    if (r->calls->ecc(r->gpu->handle, NVML_ECC_UNCORRECTED, NVML_ECC_VOLATILE, &errors) == 0) {
        set(r, (double)errors, "uncorrected_memory_errors");
    }
}

static const struct {
    size_t call; /* in struct calls */
    void (*read)(struct reading *r);
} getters[] = {
    {offsetof(struct calls, utilization), read_utilization},
    {offsetof(struct calls, memory), read_memory},
    {offsetof(struct calls, power), read_power},
    {offsetof(struct calls, power_limit), read_power_limit},
    {offsetof(struct calls, temperature), read_temperature},
    {offsetof(struct calls, clock), read_clocks},
    {offsetof(struct calls, fan), read_fan},
    {offsetof(struct calls, performance), read_performance},
    {offsetof(struct calls, energy), read_energy},
    {offsetof(struct calls, pcie), read_pcie},
    {offsetof(struct calls, throttle), read_throttle},
    {offsetof(struct calls, ecc), read_ecc},
};

static bool has(const struct calls *calls, size_t call) {
    void *symbol;
    memcpy(&symbol, (const char *)calls + call, sizeof symbol);
    return symbol != NULL;
}

static bool load(const char *library, struct calls *out) {
    /* Never unloaded: what a driver's library leaves running is its own affair. */
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    bool all = handle != NULL;
    for (size_t i = 0; all && i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(handle, symbols[i].symbol);
        memcpy((char *)out + symbols[i].at, &symbol, sizeof symbol);
        all = symbol != NULL || !symbols[i].needed;
    }
    return all;
}

/* A GPU that cannot be had keeps its number and is left out. */
static void find_gpus(struct nvml *nvml) {
    unsigned n = 0;
    if (nvml->calls.count(&n) != 0) {
        return;
    }
    nvml->gpus_n = n < NVML_GPUS_MAX ? n : NVML_GPUS_MAX;
    for (unsigned i = 0; i < nvml->gpus_n; i++) {
        struct gpu *gpu = &nvml->gpus[i];
        if (nvml->calls.handle(i, &gpu->handle) != 0) {
            gpu->handle = NULL;
        } else if (nvml->calls.energy != NULL) {
            gpu->has_energy = nvml->calls.energy(gpu->handle, &gpu->energy_mj) == 0;
        }
    }
}

struct nvml *nvml_open(const char *library) {
    struct nvml *nvml = calloc(1, sizeof *nvml);
    if (nvml == NULL || !load(library, &nvml->calls) || nvml->calls.init() != 0) {
        free(nvml);
        return NULL;
    }
    find_gpus(nvml);
    if (nvml->gpus_n == 0) {
        nvml_close(nvml);
        return NULL;
    }
    return nvml;
}

struct sums {
    unsigned utilization_n;
    double utilization;
    double used_gib;
    double power_w;
    double max_temperature;
};

static void add(struct sums *sums, const struct reading *r) {
    if (!isnan(r->utilization)) {
        sums->utilization_n++;
        sums->utilization += r->utilization;
    }
    sums->used_gib += isnan(r->used_gib) ? 0 : r->used_gib;
    sums->power_w += isnan(r->power_w) ? 0 : r->power_w;
    if (r->temperature > sums->max_temperature) {
        sums->max_temperature = r->temperature;
    }
}

static void set_sums(const struct sums *sums, struct sample *out) {
    sample_set(out, sums->utilization_n > 0 ? sums->utilization / sums->utilization_n : NAN,
               "gpu/mean_utilization");
    sample_set(out, sums->used_gib > 0 ? sums->used_gib : NAN, "gpu/total_allocated_memory");
    sample_set(out, sums->power_w > 0 ? sums->power_w : NAN, "gpu/total_power");
    sample_set(out, sums->max_temperature > 0 ? sums->max_temperature : NAN, "gpu/max_temp");
}

void nvml_read(struct nvml *nvml, const atomic_bool *cancel, struct sample *out) {
    struct sums sums = {0};
    for (unsigned i = 0; i < nvml->gpus_n; i++) {
        struct reading r = {.calls = &nvml->calls,
                            .gpu = &nvml->gpus[i],
                            .index = i,
                            .out = out,
                            .utilization = NAN,
                            .used_gib = NAN,
                            .power_w = NAN,
                            .temperature = NAN};
        for (size_t g = 0; g < sizeof getters / sizeof getters[0]; g++) {
            if (atomic_load(cancel)) {
                return;
            }
            if (r.gpu->handle != NULL && has(r.calls, getters[g].call)) {
                getters[g].read(&r);
            }
        }
        add(&sums, &r);
    }
    set_sums(&sums, out);
}

void nvml_close(struct nvml *nvml) {
    nvml->calls.shutdown();
    free(nvml);
}
