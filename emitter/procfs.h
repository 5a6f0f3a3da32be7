/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_PROCFS_H
#define EMITTER_PROCFS_H

/* CPU, memory, swap, disks and network of this machine, from /proc; what a control group leaves of
 * them, where it leaves less. Rates are means since the last time it was read. One thread. */

#include <stdatomic.h>
#include <stdbool.h>

#include "emitter/sample.h"

#define PROCFS_CPUS_MAX 1024

struct procfs;

/* root: "" or, in tests, a directory that has proc and sys. NULL: out of memory. */
struct procfs *procfs_open(const char *root);
/* What cannot be read is left out. After less than a tenth of a second it waits until that has
 * passed. Ends early when *cancel is set. */
void procfs_read(struct procfs *procfs, const atomic_bool *cancel, struct sample *out);
void procfs_close(struct procfs *procfs);

#endif
