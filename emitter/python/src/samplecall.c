/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/samplecall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/python/src/complain.h"
#include "schema/wire/wire.h"

struct reading {
    double value;
    char name[WIRE_NAME_BYTES_MAX + 1];
};

struct readings {
    size_t n;
    struct reading *items;
};

/* A copy, and no dict: for that this thread would have to get the GIL while it holds the lock of
 * the run, and when the interpreter ends it may never get it. */
static void keep(void *context, size_t n, const char *const *names, const double *values) {
    struct readings *kept = context;
    kept->items = malloc(n * sizeof *kept->items);
    for (size_t i = 0; kept->items != NULL && i < n; i++) {
        const size_t len = strlen(names[i]);
        if (!isnan(values[i]) && len < sizeof kept->items->name) {
            kept->items[kept->n].value = values[i];
            memcpy(kept->items[kept->n].name, names[i], len + 1);
            kept->n++;
        }
    }
}

static PyObject *dict_of(const struct readings *readings) {
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < readings->n; i++) {
        PyObject *value = PyFloat_FromDouble(readings->items[i].value);
        if (value == NULL || PyDict_SetItemString(dict, readings->items[i].name, value) != 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    return dict;
}

static bool check(struct core *core, enum tocsin_err err, const char *function) {
    if (err != TOCSIN_ERR_TIMEOUT) {
        return core_check(core, err, function);
    }
    return complain(core->complained,
                    "%s: there was no answer within %d s; it is logged when it comes", function,
                    SAMPLECALL_PATIENCE_MS / 1000);
}

PyObject *samplecall_log(struct core *core, unsigned what, const char *function) {
    struct readings readings = {0, NULL};
    if (!core_is_open(core)) {
        return PyErr_Occurred() == NULL ? PyDict_New() : NULL;
    }
    struct tocsin *run = core->run;
    pthread_rwlock_rdlock(&core->sampling); /* at once: who writes has taken the run away before */
    PyThreadState *python = PyEval_SaveThread();
    const enum tocsin_err err = tocsin_sample(run, what, SAMPLECALL_PATIENCE_MS, keep, &readings);
    pthread_rwlock_unlock(&core->sampling);
    PyEval_RestoreThread(python);
    PyObject *dict = check(core, err, function) ? dict_of(&readings) : NULL;
    free(readings.items);
    return dict;
}

void samplecall_wait(struct core *core, struct tocsin *run) {
    struct tocsin_stats stats = {.size = sizeof stats};
    /* In a forked child nobody is left to unlock, and nothing is done to the run. */
    if (tocsin_get_stats(run, &stats) == TOCSIN_OK) {
        pthread_rwlock_wrlock(&core->sampling);
        pthread_rwlock_unlock(&core->sampling);
    }
}
