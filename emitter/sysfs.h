/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SYSFS_H
#define EMITTER_SYSFS_H

/* What the kernel tells of the hardware: clocks of the CPUs, how many cores there are, temperature
 * sensors. Which there are is looked up once. */

#include <stdatomic.h>
#include <stdbool.h>

#include "emitter/proctext.h"
#include "emitter/sample.h"

#define SYSFS_CLOCKS_MAX  1024 /* groups of CPUs that share one */
#define SYSFS_SENSORS_MAX 128

struct sysfs;

/* NULL: out of memory. */
struct sysfs *sysfs_open(struct proctext *text);
void sysfs_read(const struct sysfs *sysfs, struct proctext *text, const atomic_bool *cancel,
                struct sample *out);
void sysfs_close(struct sysfs *sysfs);

#endif
