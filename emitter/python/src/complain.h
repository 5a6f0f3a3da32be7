/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_COMPLAIN_H
#define PYTHON_COMPLAIN_H

/* Warnings instead of exceptions: logging must not end a training run. Each is said once.
 * Include <Python.h> first. */

#include <stdbool.h>

#define COMPLAIN_MAX 1000 /* different ones; then it is silent */

/* Warns, unless this text was said before; complained is the set of texts that were. Format as in
 * PyUnicode_FromFormat(). False: an exception is set that is not ours to swallow. */
bool complain(PyObject *complained, const char *format, ...);

/* Clears the exception that is set, if there is one. False: it is none of Exception (an interrupt,
 * an exit) and stays. */
bool complain_swallow(void);

/* The name of an object's type, borrowed until the next call. */
PyObject *complain_type_name(PyObject *object);

#endif
