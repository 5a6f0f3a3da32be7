/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_NVML_H
#define EMITTER_NVML_H

/* The GPUs of this machine, through NVIDIA's management library. It is part of the driver, so it is
 * looked for when the program runs, and where it is not there are no GPUs. All GPUs that the driver
 * shows, whatever CUDA_VISIBLE_DEVICES says.
 *
 * Any call here may take long or never return: a GPU that has fallen off its bus is asked all the
 * same. One thread of its own. */

#include <stdatomic.h>
#include <stdbool.h>

#include "emitter/sample.h"

#define NVML_LIBRARY  "libnvidia-ml.so.1"
#define NVML_GPUS_MAX 64

struct nvml;

/* NULL: no library, no driver, no GPU, or no memory. */
struct nvml *nvml_open(const char *library);
/* What cannot be read is left out. Ends early when *cancel is set. */
void nvml_read(struct nvml *nvml, const atomic_bool *cancel, struct sample *out);
void nvml_close(struct nvml *nvml);

#endif
