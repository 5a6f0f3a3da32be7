/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/complain.h"

bool complain_swallow(void) {
    if (PyErr_Occurred() != NULL && !PyErr_ExceptionMatches(PyExc_Exception)) {
        return false;
    }
    PyErr_Clear();
    return true;
}

PyObject *complain_type_name(PyObject *object) {
    static PyObject *name;
    Py_XDECREF(name);
    name = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
    if (name == NULL || !PyUnicode_Check(name)) {
        PyErr_Clear();
        Py_XDECREF(name);
        name = PyUnicode_FromString("object");
    }
    return name;
}

/* True if the text is new; then it is known from now on. */
static bool is_new(PyObject *complained, PyObject *text) {
    return PySet_Size(complained) < COMPLAIN_MAX && PySet_Contains(complained, text) == 0 &&
           PySet_Add(complained, text) == 0;
}

/* Where warnings are errors, the text is printed instead. */
static bool say(PyObject *text) {
    Py_ssize_t len;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &len);
    if (utf8 != NULL && PyErr_WarnEx(PyExc_UserWarning, utf8, 1) == 0) {
        return true;
    }
    if (!complain_swallow()) {
        return false;
    }
    PySys_FormatStderr("tocsin: %.500A\n", text);
    return complain_swallow();
}

bool complain(PyObject *complained, const char *format, ...) {
    va_list args;
    va_start(args, format);
    PyObject *text = PyUnicode_FromFormatV(format, args);
    va_end(args);
    if (text == NULL) { /* the repr() of something raises */
        return complain_swallow();
    }
    const bool ok = is_new(complained, text) ? say(text) : complain_swallow();
    Py_DECREF(text);
    return ok;
}
