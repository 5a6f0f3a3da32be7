/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_SAMPLECALL_H
#define PYTHON_SAMPLECALL_H

/* log_gpu() and log_cpu(): system metrics read and logged once, and what they were as a dict. It
 * may take a while, so other threads have the GIL meanwhile; the run is kept from them by a lock.
 * Include <Python.h> first. */

#include "emitter/python/src/core.h"

/* How long a caller waits. The first time the driver may have to be loaded, which takes a second or
 * two on a machine with eight GPUs; one that hangs must not keep a training loop. */
#define SAMPLECALL_PATIENCE_MS 3000

/* what: TOCSIN_SAMPLE_GPU or _CPU. A dict, empty if there is nothing to read or, with a warning,
 * nothing was. NULL: as complain(), or out of memory. */
PyObject *samplecall_log(struct core *core, unsigned what, const char *function);

/* Waits, without the GIL, until nobody reads for a run that was taken away from the core. At most
 * SAMPLECALL_PATIENCE_MS. */
void samplecall_wait(struct core *core, struct tocsin *run);

#endif
