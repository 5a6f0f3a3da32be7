/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_CORE_H
#define PYTHON_CORE_H

/* tocsin._core.Core: a run of libtocsin as a Python object; the class tocsin.Run is made of it.
 * Include <Python.h> first. All of it needs the GIL, which is what guards a run against finish()
 * in another thread: finish() takes run away under the GIL, and nobody runs Python code
 * between looking at run and using it. Who uses it without the GIL has the lock `sampling` for
 * reading, and finish() waits for that. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "emitter/include/tocsin.h"
#include "emitter/python/src/keycache.h"

struct core {
    PyObject_HEAD struct tocsin *run; /* NULL: not started, or finished */
    bool finished;                    /* there was a run */
    int64_t next_step;                /* of the next call that names none */
    int64_t highest_step;             /* -1: none yet */
    PyObject *complained;             /* set of str */
    pthread_rwlock_t sampling;        /* taken under the GIL, given back without */
    struct keycache cache;
};

/* Makes the type for the module. A new reference, or NULL with an exception. */
PyObject *core_type(PyObject *module);

/* True if there is a run to talk to. Else warns if there once was one. */
bool core_is_open(struct core *core);

/* Warns about what libtocsin answered, if it is an error. False: as complain(). */
bool core_check(struct core *core, enum tocsin_err err, const char *what);

#endif
