/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FAKE_NVML_H
#define TESTS_UNIT_FAKE_NVML_H

/* A stand-in for NVIDIA's library, built as libnvidia-ml.so.1 and found through LD_LIBRARY_PATH.
 * GPU i has utilization 10 + i, and so on: see fake_nvml.c. */

#include <stdatomic.h>

enum fake_getter {
    FAKE_UTILIZATION,
    FAKE_MEMORY,
    FAKE_POWER,
    FAKE_POWER_LIMIT,
    FAKE_TEMPERATURE,
    FAKE_CLOCK,
    FAKE_FAN,
    FAKE_PERFORMANCE,
    FAKE_ENERGY,
    FAKE_PCIE,
    FAKE_THROTTLE,
    FAKE_ECC,
    FAKE_GETTERS,
    FAKE_NONE
};

struct fake_nvml {
    _Atomic unsigned gpus;
    _Atomic unsigned lost_gpu; /* this one has no handle; 0: none, for GPU 0 is never lost */
    atomic_int broken;         /* this getter says NVML_ERROR_NOT_SUPPORTED */
    atomic_int hangs;          /* this one does not return until it is FAKE_NONE again */
    atomic_int inside;         /* calls that hang now */
    atomic_bool init_fails;
    _Atomic unsigned long long energy_mj;
    _Atomic unsigned inits;
    _Atomic unsigned shutdowns;
};

#endif
