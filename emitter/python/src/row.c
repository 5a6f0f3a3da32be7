/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/row.h"

#include <string.h>

#include "emitter/python/src/complain.h"
#include "schema/wire/wire.h"

void row_init(struct row *row, PyObject *complained) {
    row->n = 0;
    row->room = ROW_INLINE;
    row->keys = row->key_room;
    row->values = row->value_room;
    row->hash = 0;
    row->has_made_keys = false;
    row->complained = complained;
}

void row_fini(struct row *row) {
    for (size_t i = 0; i < row->n; i++) {
        Py_DECREF(row->keys[i]);
    }
    if (row->keys != row->key_room) {
        PyMem_Free(row->keys);
        PyMem_Free(row->values);
    }
}

static bool grow(struct row *row) {
    const size_t room = row->room * 4;
    PyObject **keys = PyMem_Malloc(ROW_KEYS_BYTES(room));
    double *values = PyMem_Malloc(room * sizeof *values);
    if (room > (size_t)ROW_VALUES_MAX * 4 || keys == NULL || values == NULL) {
        PyMem_Free(keys);
        PyMem_Free(values);
        return false;
    }
    memcpy(keys, row->keys, ROW_KEYS_BYTES(row->n));
    memcpy(values, row->values, row->n * sizeof *values);
    if (row->keys != row->key_room) {
        PyMem_Free(row->keys);
        PyMem_Free(row->values);
    }
    row->keys = keys;
    row->values = values;
    row->room = room;
    return true;
}

static void add_to_hash(struct row *row, PyObject *key) {
    row->hash = (row->hash ^ (uint64_t)(uintptr_t)key) * UINT64_C(0x9e3779b97f4a7c15);
    row->hash ^= row->hash >> 29;
}

/* Takes over the reference to the key. */
static bool add(struct row *row, PyObject *key, double value) {
    if (row->n == row->room && !grow(row)) {
        Py_DECREF(key);
        return complain(row->complained, "a call of more than %d values was cut", ROW_VALUES_MAX);
    }
    row->keys[row->n] = key;
    row->values[row->n] = value;
    row->n++;
    add_to_hash(row, key);
    return true;
}

/* The name of a value: the key itself or, in a nested dict, the path to it. A new reference; NULL:
 * no key that could be a name, or out of memory. */
static PyObject *name_of(struct row *row, PyObject *prefix, PyObject *key) {
    if (prefix == NULL && PyUnicode_Check(key)) {
        return Py_NewRef(key);
    }
    if (!PyUnicode_Check(key) && !PyLong_Check(key)) {
        return NULL;
    }
    row->has_made_keys = true;
    return prefix != NULL ? PyUnicode_FromFormat("%U/%S", prefix, key) : PyObject_Str(key);
}

static bool collect(struct row *row, PyObject *prefix, PyObject *metrics, int depth);

static bool collect_nested(struct row *row, PyObject *name, PyObject *metrics, int depth) {
    if (depth < ROW_DEPTH_MAX) {
        return collect(row, name, metrics, depth + 1);
    }
    return complain(row->complained, "%.200R is nested deeper than %d dicts and was left out", name,
                    ROW_DEPTH_MAX);
}

/* What is known not to be a number is not asked, which would make an exception. */
static bool is_number(PyObject *value, double *out) {
    if (value == Py_None || PyUnicode_Check(value) || PyBytes_Check(value)) {
        return false;
    }
    *out = PyFloat_AsDouble(value); /* __float__, else __index__ */
    return *out != -1.0 || PyErr_Occurred() == NULL;
}

/* Takes over the reference to the name. */
static bool add_value(struct row *row, PyObject *name, PyObject *value, int depth) {
    double number;
    bool ok = true;
    if (PyDict_Check(value)) {
        ok = collect_nested(row, name, value, depth);
    } else if (is_number(value, &number)) {
        return add(row, name, number);
    } else if (complain_swallow()) {
        ok = complain(row->complained, "%.200R was left out: a %U is not a number", name,
                      complain_type_name(value));
    } else {
        ok = false;
    }
    Py_DECREF(name);
    return ok;
}

static bool add_slowly(struct row *row, PyObject *prefix, PyObject *key, PyObject *value,
                       int depth) {
    PyObject *name = name_of(row, prefix, key);
    if (name != NULL) {
        return add_value(row, name, value, depth);
    }
    return complain_swallow() &&
           complain(row->complained, "a value was left out: its key %.200R is neither str nor int",
                    key);
}

/* Values may run Python code that changes the dict. PyDict_Next() can bear that; as many rounds as
 * there were items keep it from going on for ever. */
static bool collect(struct row *row, PyObject *prefix, PyObject *metrics, int depth) {
    PyObject *key;
    PyObject *value;
    Py_ssize_t at = 0;
    bool ok = true;
    for (Py_ssize_t left = PyDict_Size(metrics);
         ok && left > 0 && PyDict_Next(metrics, &at, &key, &value); left--) {
        Py_INCREF(key);
        if (prefix == NULL && PyFloat_CheckExact(value) && PyUnicode_CheckExact(key)) {
            ok = add(row, key, PyFloat_AsDouble(value));
            continue;
        }
        Py_INCREF(value);
        ok = add_slowly(row, prefix, key, value, depth);
        Py_DECREF(value);
        Py_DECREF(key);
    }
    return ok;
}

bool row_collect(struct row *row, PyObject *metrics) {
    if (PyDict_Check(metrics)) {
        return collect(row, NULL, metrics, 0);
    }
    PyObject *copy = PyDict_New();
    bool ok;
    if (copy != NULL && PyDict_Update(copy, metrics) == 0) {
        ok = collect(row, NULL, copy, 0);
    } else {
        ok = complain_swallow() &&
             complain(row->complained, "a call was left out: log() takes a dict, not a %U",
                      complain_type_name(metrics));
    }
    Py_XDECREF(copy);
    return ok;
}

/* NULL: it may not be a name, for the reason in out_why. */
static const char *text_of(PyObject *key, const char **out_why) {
    Py_ssize_t len = 0;
    const char *text = PyUnicode_AsUTF8AndSize(key, &len);
    if (text == NULL) {
        *out_why = "it is not valid Unicode";
    } else if (len == 0) {
        *out_why = "it is empty";
    } else if (len > WIRE_NAME_BYTES_MAX) {
        *out_why = "it is longer than 255 bytes";
    } else if (strlen(text) != (size_t)len) {
        *out_why = "it contains a NUL";
    } else {
        return text;
    }
    return NULL;
}

/* seen: a set, or NULL if no two keys can be equal. */
static const char *vetted(PyObject *key, PyObject *seen, const char **out_why) {
    const char *text = text_of(key, out_why);
    if (text == NULL || seen == NULL) {
        return text;
    }
    if (PySet_Contains(seen, key) == 1) {
        *out_why = "the name is there twice";
        return NULL;
    }
    PyErr_Clear();
    return PySet_Add(seen, key) == 0 ? text : NULL;
}

bool row_vet(struct row *row, const char **out_names) {
    PyObject *seen = row->has_made_keys ? PySet_New(NULL) : NULL;
    const size_t n = row->n;
    size_t kept = 0;
    bool ok = true;
    row->hash = 0;
    for (size_t i = 0; i < n; i++) {
        PyObject *key = row->keys[i];
        const char *why = "out of memory";
        const char *name = vetted(key, seen, &why);
        if (name != NULL) {
            out_names[kept] = name;
            row->values[kept] = row->values[i];
            row->keys[kept] = key;
            add_to_hash(row, key);
            kept++;
            continue;
        }
        ok = complain_swallow() &&
             complain(row->complained, "%.200R cannot be the name of a metric: %s", key, why) && ok;
        Py_DECREF(key);
    }
    row->n = kept;
    Py_XDECREF(seen);
    return ok;
}
