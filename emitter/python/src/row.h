/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_ROW_H
#define PYTHON_ROW_H

/* One log call on its way from a dict to libtocsin: keys and numbers, nested dicts flattened.
 * Include <Python.h> first. All of it needs the GIL. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_INLINE        64      /* up to so many values need no allocation */
#define ROW_VALUES_MAX    1000000 /* what is more is left out of the call */
#define ROW_DEPTH_MAX     16      /* of nested dicts; one that holds itself ends here */
#define ROW_KEYS_BYTES(n) ((n) * sizeof(void *))

struct row {
    size_t n;
    size_t room;
    PyObject **keys; /* str, owned */
    double *values;
    uint64_t hash;        /* of the keys' identities */
    bool has_made_keys;   /* some were made here, so two may be equal */
    PyObject *complained; /* borrowed; complain.h */
    PyObject *key_room[ROW_INLINE];
    double value_room[ROW_INLINE];
};

void row_init(struct row *row, PyObject *complained);
void row_fini(struct row *row);

/* Takes what metrics, a dict or another mapping, holds. What is no number is left out with a
 * warning. Runs Python code of the values' types. False: an exception is set that is not the
 * logger's to swallow (KeyboardInterrupt). */
bool row_collect(struct row *row, PyObject *metrics);

/* Leaves out what cannot be a name: empty, too long, not UTF-8, with a NUL, there twice.
 * out_names: room for row->n; borrowed from the keys. False as above. */
bool row_vet(struct row *row, const char **out_names);

#endif
