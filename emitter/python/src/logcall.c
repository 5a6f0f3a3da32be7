/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/logcall.h"

#include <math.h>
#include <string.h>

#include "emitter/python/src/complain.h"
#include "schema/wire/wire.h"

/* Steps */

#define WHOLE_DOUBLE_MAX                                                                           \
    9007199254740992.0 /* 2^53: up to here a double is the number it was made of */

/* A new reference to an int, or NULL with an exception. 3.0 is a step, 3.5 is none. */
static PyObject *whole_number(PyObject *object) {
    if (!PyFloat_Check(object)) {
        return PyNumber_Index(object);
    }
    const double value = PyFloat_AsDouble(object);
    if (fabs(value) <= WHOLE_DOUBLE_MAX && value == (double)(int64_t)value) {
        return PyLong_FromLongLong((int64_t)value);
    }
    PyErr_SetString(PyExc_ValueError, "not a whole number");
    return NULL;
}

bool logcall_step(struct core *core, PyObject *object, int64_t *out) {
    if (object == NULL || object == Py_None) {
        return false;
    }
    PyObject *number = whole_number(object);
    const long long step = number != NULL ? PyLong_AsLongLong(number) : -1;
    Py_XDECREF(number);
    if (PyErr_Occurred() == NULL && step != TOCSIN_STEP_AUTO) {
        *out = step;
        return true;
    }
    if (complain_swallow()) {
        complain(core->complained, "%.200R cannot be a step: the next one was taken", object);
    }
    return false;
}

static int64_t take_step(struct core *core, bool is_given, int64_t given) {
    const int64_t step = is_given ? given : core->next_step;
    if (step >= core->next_step) {
        core->next_step = step < INT64_MAX ? step + 1 : step;
    }
    if (step > core->highest_step) {
        core->highest_step = step;
    }
    return step;
}

/* Sending */

/* How many of the names from `from` on fit into one call of libtocsin. */
static size_t part_of(const char *const *names, size_t from, size_t n) {
    size_t bytes = 0;
    size_t i = from;
    while (i < n && i - from < WIRE_KEYSET_COLUMNS_MAX) {
        bytes += strlen(names[i]);
        if (bytes > WIRE_KEYSET_NAMES_BYTES_MAX) {
            break;
        }
        i++;
    }
    return i - from;
}

/* The first error; what fits is logged. */
static enum tocsin_err send_parts(struct core *core, const struct row *row,
                                  const char *const *names, const int64_t *step) {
    enum tocsin_err first = TOCSIN_OK;
    for (size_t from = 0, part; from < row->n; from += part) {
        part = part_of(names, from, row->n);
        const enum tocsin_err err =
            step != NULL
                ? tocsin_log_named(core->run, *step, part, names + from, row->values + from)
                : tocsin_log_system(core->run, part, names + from, row->values + from);
        first = first == TOCSIN_OK ? err : first;
    }
    return first;
}

/* A row whose keys are new here: the names are read, and the keyset kept if it is one. No Python
 * code runs after the vetting, so the run that is there then stays there. */
static enum tocsin_err send_new(struct core *core, const struct row *row, const char *const *names,
                                int64_t step) {
    tocsin_keyset keyset;
    if (part_of(names, 0, row->n) < row->n) {
        return send_parts(core, row, names, &step);
    }
    const enum tocsin_err err = tocsin_prepare(core->run, row->n, names, &keyset);
    if (err != TOCSIN_OK) {
        return err;
    }
    const enum tocsin_err logged = tocsin_log(core->run, keyset, step, row->values);
    keycache_put(&core->cache, row, keyset);
    return logged;
}

/* step: NULL for system metrics. False: as row_vet(). */
static bool vet_and_send(struct core *core, struct row *row, bool is_system, bool is_given,
                         int64_t given) {
    const char *name_room[ROW_INLINE];
    const char **names = row->n <= ROW_INLINE ? name_room : PyMem_Malloc(row->n * sizeof *names);
    enum tocsin_err err = names != NULL ? TOCSIN_OK : TOCSIN_ERR_SYSTEM;
    bool ok = names == NULL || row_vet(row, names);
    if (names != NULL && row->n > 0 && core->run != NULL) {
        err = is_system ? send_parts(core, row, names, NULL)
                        : send_new(core, row, names, take_step(core, is_given, given));
    }
    if (names != name_room) {
        PyMem_Free(names);
    }
    return core_check(core, err, "log") && ok;
}

static bool send(struct core *core, struct row *row, bool is_given, int64_t given) {
    tocsin_keyset keyset;
    if (!keycache_find(&core->cache, row, &keyset)) {
        return row->n == 0 || vet_and_send(core, row, false, is_given, given);
    }
    if (core->run == NULL) { /* finished while the values were read */
        return true;
    }
    return core_check(
        core, tocsin_log(core->run, keyset, take_step(core, is_given, given), row->values), "log");
}

/* Arguments */

/* `metrics` and `step` by position or by name; what else there is comes from callers written for
 * other loggers. */
static bool parse(struct core *core, PyObject *const *args, Py_ssize_t n_args, PyObject *keywords,
                  PyObject *out[2]) {
    static const char *const names[2] = {"metrics", "step"};
    out[0] = n_args > 0 ? args[0] : NULL;
    out[1] = n_args > 1 ? args[1] : NULL;
    const Py_ssize_t n_keywords = keywords != NULL ? PyTuple_Size(keywords) : 0;
    for (Py_ssize_t i = 0; i < n_keywords; i++) {
        PyObject *keyword = PyTuple_GetItem(keywords, i);
        size_t at = 0;
        while (at < 2 && PyUnicode_CompareWithASCIIString(keyword, names[at]) != 0) {
            at++;
        }
        if (at < 2) {
            out[at] = args[n_args + i];
        } else if (!complain(core->complained, "log() does not know %U=", keyword)) {
            return false;
        }
    }
    if (out[0] == NULL) {
        PyErr_SetString(PyExc_TypeError, "log() takes a dict of metrics");
    }
    return out[0] != NULL;
}

PyObject *logcall_log(struct core *core, PyObject *const *args, Py_ssize_t n_args,
                      PyObject *keywords) {
    PyObject *given[2];
    struct row row;
    int64_t step = 0;
    if (!parse(core, args, n_args, keywords, given)) {
        return NULL;
    }
    if (!core_is_open(core)) {
        return PyErr_Occurred() == NULL ? Py_NewRef(Py_None) : NULL;
    }
    const bool is_given = logcall_step(core, given[1], &step);
    row_init(&row, core->complained);
    const bool ok =
        PyErr_Occurred() == NULL && row_collect(&row, given[0]) && send(core, &row, is_given, step);
    row_fini(&row);
    return ok ? Py_NewRef(Py_None) : NULL;
}

PyObject *logcall_log_system(struct core *core, PyObject *metrics) {
    struct row row;
    if (!core_is_open(core)) {
        return PyErr_Occurred() == NULL ? Py_NewRef(Py_None) : NULL;
    }
    row_init(&row, core->complained);
    const bool ok =
        row_collect(&row, metrics) && (row.n == 0 || vet_and_send(core, &row, true, false, 0));
    row_fini(&row);
    return ok ? Py_NewRef(Py_None) : NULL;
}
