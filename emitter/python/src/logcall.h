/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_LOGCALL_H
#define PYTHON_LOGCALL_H

/* log() and log_system(): from the arguments of a Python call to libtocsin.
 * Include <Python.h> first. */

#include "emitter/python/src/core.h"

/* log(metrics, step=None), as METH_FASTCALL | METH_KEYWORDS gives it. None, or NULL if the call is
 * wrong (no metrics at all) or interrupted. */
PyObject *logcall_log(struct core *core, PyObject *const *args, Py_ssize_t n_args,
                      PyObject *keywords);
PyObject *logcall_log_system(struct core *core, PyObject *metrics);

/* A step given by a caller: None, or something whole. False: none, or not usable, about which there
 * was a warning. Leaves an exception only if it is not ours to swallow. */
bool logcall_step(struct core *core, PyObject *object, int64_t *out);

#endif
