/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/core.h"
#include "emitter/python/src/logcall.h"

/* tocsin._core: the class Core, and log() on the current run without a detour through Python. */

struct state {
    PyObject *core_type;
    PyObject *current; /* a Core, or NULL */
};

static PyObject *module_log(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                            PyObject *keywords) {
    const struct state *state = PyModule_GetState(module);
    PyObject *current = state->current;
    if (current == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "Call tocsin.init() before tocsin.log().");
        return NULL;
    }
    Py_INCREF(current); /* what is logged may run code that ends the run */
    PyObject *result = logcall_log((struct core *)current, args, n_args, keywords);
    Py_DECREF(current);
    return result;
}

static PyObject *module_set_current(PyObject *module, PyObject *run) {
    struct state *state = PyModule_GetState(module);
    if (run != Py_None && !PyObject_TypeCheck(run, (PyTypeObject *)state->core_type)) {
        PyErr_SetString(PyExc_TypeError, "not a run");
        return NULL;
    }
    PyObject *old = state->current;
    state->current = run != Py_None ? Py_NewRef(run) : NULL;
    Py_XDECREF(old);
    return Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"log", (PyCFunction)(void (*)(void))module_log, METH_FASTCALL | METH_KEYWORDS,
     "log(metrics, step=None)\n\nLogs the numbers of a dict to the current run. Without a step: "
     "the "
     "one after the highest so far. Never raises for what is in the dict."},
    {"set_current", module_set_current, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module) {
    struct state *state = PyModule_GetState(module);
    state->core_type = core_type(module);
    if (state->core_type == NULL) {
        return -1;
    }
    Py_INCREF(state->core_type);
    if (PyModule_AddObject(module, "Core", state->core_type) != 0) {
        Py_DECREF(state->core_type);
        return -1;
    }
    return PyModule_AddStringConstant(module, "version", tocsin_version());
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    const struct state *state = PyModule_GetState(module);
    Py_VISIT(state->core_type);
    Py_VISIT(state->current);
    return 0;
}

static int module_clear(PyObject *module) {
    struct state *state = PyModule_GetState(module);
    Py_CLEAR(state->core_type);
    Py_CLEAR(state->current);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)(uintptr_t)module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "tocsin._core", .m_size = sizeof(struct state),
    .m_methods = methods,    .m_slots = slots,         .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void) {
    return PyModuleDef_Init(&definition);
}
