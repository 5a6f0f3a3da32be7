/* SPDX-License-Identifier: Apache-2.0 */
#include <Python.h>

#include "emitter/python/src/core.h"

#include "emitter/python/src/complain.h"
#include "emitter/python/src/logcall.h"
#include "emitter/python/src/samplecall.h"

/* A slot holds functions of many types as void *; ISO C knows no such cast but through a number. */
#define SLOT(function) ((void *)(uintptr_t)(function))

bool core_is_open(struct core *core) {
    if (core->run == NULL && core->finished) {
        complain(core->complained, "the run is finished: what is logged now is lost");
    }
    return core->run != NULL && PyErr_Occurred() == NULL;
}

bool core_check(struct core *core, enum tocsin_err err, const char *what) {
    if (err == TOCSIN_OK) {
        return true;
    }
    if (err == TOCSIN_ERR_FORKED) {
        return complain(core->complained,
                        "%s: this is a forked child and the run is its parent's; "
                        "tocsin.init() starts one of its own",
                        what);
    }
    return complain(core->complained, "%s: %s", what, tocsin_strerror(err));
}

/* Start and end */

static PyObject *core_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *self = PyType_GenericNew(type, args, keywords);
    if (self != NULL) {
        pthread_rwlock_init(&((struct core *)self)->sampling, NULL);
    }
    return self;
}

static int core_init(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"project",
                            "name",
                            "group",
                            "config",
                            "endpoint",
                            "run_id",
                            "quiet",
                            "next_step",
                            "resume",
                            "webhook_url",
                            "webhook_min_level",
                            "auto_log_gpu",
                            "gpu_log_interval",
                            "auto_log_cpu",
                            "cpu_log_interval",
                            NULL};
    struct core *core = (struct core *)self;
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    int quiet = 0;
    int resume = 0;
    long long next_step = 0;
    struct tocsin *run = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|$zzzzzzpLizzidid", names, &options.project,
                                     &options.name, &options.group, &options.config,
                                     &options.endpoints, &options.run_id, &quiet, &next_step,
                                     &resume, &options.webhook_url, &options.webhook_min_level,
                                     &options.auto_log_gpu, &options.gpu_log_interval_s,
                                     &options.auto_log_cpu, &options.cpu_log_interval_s)) {
        return -1;
    }
    if (core->complained != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "a run is started once");
        return -1;
    }
    core->complained = PySet_New(NULL);
    if (core->complained == NULL) {
        return -1;
    }
    options.quiet = quiet != 0;
    options.resume = (enum tocsin_resume)resume;
    core->next_step = next_step;
    core->highest_step = next_step - 1;
    PyThreadState *python = PyEval_SaveThread();
    tocsin_start(&options, &run); /* an error has been said on stderr */
    PyEval_RestoreThread(python);
    core->run = run;
    return 0;
}

/* finish(timeout_ms, failed): what libtocsin answered, as a number. Of two threads one gets the
 * run. */
static PyObject *core_finish(PyObject *self, PyObject *args) {
    struct core *core = (struct core *)self;
    long long timeout_ms;
    int failed;
    enum tocsin_err err;
    if (!PyArg_ParseTuple(args, "Lp", &timeout_ms, &failed)) {
        return NULL;
    }
    struct tocsin *run = core->run;
    core->run = NULL;
    core->finished = core->finished || run != NULL;
    PyThreadState *python = PyEval_SaveThread();
    samplecall_wait(core, run);
    err = failed ? tocsin_fail(&run, timeout_ms) : tocsin_finish(&run, timeout_ms);
    PyEval_RestoreThread(python);
    return PyLong_FromLong(err);
}

/* A run that nobody holds any more and nobody finished: what it has waits for the next one. */
static void core_dealloc(PyObject *self) {
    struct core *core = (struct core *)self;
    PyTypeObject *type = Py_TYPE(self);
    freefunc free_object = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
    struct tocsin *run = core->run;
    core->run = NULL;
    PyThreadState *python = PyEval_SaveThread();
    tocsin_finish(&run, 0);
    PyEval_RestoreThread(python);
    keycache_clear(&core->cache);
    pthread_rwlock_destroy(&core->sampling);
    Py_XDECREF(core->complained);
    free_object(self);
    Py_DECREF(type);
}

/* Calls */

static PyObject *core_log(PyObject *self, PyObject *const *args, Py_ssize_t n_args,
                          PyObject *keywords) {
    return logcall_log((struct core *)self, args, n_args, keywords);
}

static PyObject *core_log_system(PyObject *self, PyObject *metrics) {
    return logcall_log_system((struct core *)self, metrics);
}

static PyObject *core_log_gpu(PyObject *self, PyObject *unused) {
    (void)unused;
    return samplecall_log((struct core *)self, TOCSIN_SAMPLE_GPU, "log_gpu");
}

static PyObject *core_log_cpu(PyObject *self, PyObject *unused) {
    (void)unused;
    return samplecall_log((struct core *)self, TOCSIN_SAMPLE_CPU, "log_cpu");
}

/* _alert(level, title, text, step, webhook_url): texts without NUL, or it is a ValueError. */
static PyObject *core_alert(PyObject *self, PyObject *args) {
    struct core *core = (struct core *)self;
    int level;
    const char *title;
    const char *text;
    PyObject *step_given;
    const char *webhook_url;
    int64_t step;
    if (!PyArg_ParseTuple(args, "iszOz", &level, &title, &text, &step_given, &webhook_url)) {
        return NULL;
    }
    if (!logcall_step(core, step_given, &step)) {
        step = core->highest_step >= 0 ? core->highest_step : TOCSIN_STEP_NONE;
    }
    if (PyErr_Occurred() != NULL || !core_is_open(core)) {
        return PyErr_Occurred() == NULL ? Py_NewRef(Py_None) : NULL;
    }
    const enum tocsin_err err =
        tocsin_alert(core->run, (enum tocsin_level)level, title, text, step, webhook_url);
    return core_check(core, err, "alert") ? Py_NewRef(Py_None) : NULL;
}

/* _set_config(json): False if it is too long to be sent as one. */
static PyObject *core_set_config(PyObject *self, PyObject *args) {
    struct core *core = (struct core *)self;
    const char *json;
    if (!PyArg_ParseTuple(args, "s", &json)) {
        return NULL;
    }
    const enum tocsin_err err = core->run != NULL ? tocsin_set_config(core->run, json) : TOCSIN_OK;
    if (err == TOCSIN_ERR_TOO_LONG) {
        return Py_NewRef(Py_False);
    }
    return core_check(core, err, "config") ? Py_NewRef(Py_True) : NULL;
}

/* _warn(text): once. */
static PyObject *core_warn(PyObject *self, PyObject *text) {
    return complain(((struct core *)self)->complained, "%S", text) ? Py_NewRef(Py_None) : NULL;
}

/* Facts */

static PyObject *core_stats(PyObject *self, PyObject *unused) {
    (void)unused;
    struct tocsin_stats stats = {.size = sizeof stats};
    if (tocsin_get_stats(((struct core *)self)->run, &stats) != TOCSIN_OK) {
        return PyDict_New();
    }
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:O}", "emitted", stats.emitted, "dropped",
                         stats.dropped, "refused", stats.refused, "acknowledged",
                         stats.acknowledged, "alerts", stats.alerts, "connected",
                         stats.connected ? Py_True : Py_False);
}

static PyObject *core_name(PyObject *self, void *unused) {
    (void)unused;
    return PyUnicode_FromString(tocsin_run_name(((struct core *)self)->run));
}

static PyObject *core_next_step(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(((struct core *)self)->next_step);
}

static PyObject *core_active(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(((struct core *)self)->run != NULL);
}

static PyMethodDef methods[] = {
    {"log", (PyCFunction)(void (*)(void))core_log, METH_FASTCALL | METH_KEYWORDS,
     "log(metrics, step=None)\n\nLogs the numbers of a dict. Without a step: the one after the "
     "highest so far. Never raises for what is in the dict."},
    {"log_system", core_log_system, METH_O,
     "log_system(metrics)\n\nLogs system metrics: ordered by time, without a step."},
    {"log_gpu", core_log_gpu, METH_NOARGS,
     "log_gpu()\n\nReads the GPUs of this machine and logs what it read, once. Returns it: a dict, "
     "empty where there is no GPU."},
    {"log_cpu", core_log_cpu, METH_NOARGS,
     "log_cpu()\n\nReads CPU, memory, disks and network of this machine and logs what it read, "
     "once. Returns it: a dict."},
    {"_alert", core_alert, METH_VARARGS, NULL},
    {"_finish", core_finish, METH_VARARGS, NULL},
    {"_set_config", core_set_config, METH_VARARGS, NULL},
    {"_warn", core_warn, METH_O, NULL},
    {"stats", core_stats, METH_NOARGS,
     "stats()\n\nCounters of this process: emitted, dropped, refused, acknowledged, alerts, and "
     "whether a collector is connected. Empty after finish()."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef facts[] = {
    {"_name", core_name, NULL, NULL, NULL},
    {"next_step", core_next_step, NULL, "The step of the next log() that names none.", NULL},
    {"active", core_active, NULL, "Whether there is a run to log to.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_init, SLOT(core_init)}, {Py_tp_dealloc, SLOT(core_dealloc)}, {Py_tp_methods, methods},
    {Py_tp_getset, facts},         {Py_tp_new, SLOT(core_new)},         {0, NULL},
};

PyObject *core_type(PyObject *module) {
    static PyType_Spec spec = {.name = "tocsin._core.Core",
                               .basicsize = sizeof(struct core),
                               .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                               .slots = slots};
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}
