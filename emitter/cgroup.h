/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_CGROUP_H
#define EMITTER_CGROUP_H

/* What a control group (version 2) leaves of the machine to this process: in a container or a job
 * of a scheduler 8 GiB of 512, and 4 CPUs of 128. A limit may stand at any level above the process;
 * the tightest one counts, and what is used is what is used below that level. */

#include <stdbool.h>

#include "emitter/proctext.h"
#include "schema/wire/place.h"

struct cgroup { /* the process's own */
    char path[PLACE_PATH_BYTES_MAX];
};

struct cgroup_memory {
    uint64_t limit_bytes;
    uint64_t used_bytes; /* less what the kernel gives back at once: inactive pages of files */
};

struct cgroup_cpu {
    double limit; /* in CPUs */
    uint64_t used_us;
    size_t
        level; /* of the group that has the limit: only of the same one used_us can be compared */
};

/* Without control groups: the empty path, which has no limits. */
void cgroup_find(struct proctext *text, struct cgroup *out);

/* False: no limit below what the machine has. */
bool cgroup_memory(const struct cgroup *cgroup, struct proctext *text, uint64_t machine_bytes,
                   struct cgroup_memory *out);
bool cgroup_swap(const struct cgroup *cgroup, struct proctext *text, uint64_t machine_bytes,
                 struct cgroup_memory *out);
bool cgroup_cpu(const struct cgroup *cgroup, struct proctext *text, double machine_cpus,
                struct cgroup_cpu *out);

#endif
