/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOCSIN_H
#define TOCSIN_H

/* libtocsin: publish metrics and alerts from a training process.
 *
 *     struct tocsin_options options = TOCSIN_OPTIONS_INIT;
 *     options.project = "my-project";
 *     options.config = "{\"lr\": 0.001}";
 *
 *     struct tocsin *run = NULL;
 *     if (tocsin_start(&options, &run) != TOCSIN_OK) { ... train without it ... }
 *
 *     const char *names[] = {"train/loss", "train/grad_norm"};
 *     tocsin_keyset keyset;
 *     tocsin_prepare(run, 2, names, &keyset);
 *     for (int64_t step = 0; step < steps; step++) {
 *         double values[] = {loss, grad_norm};
 *         tocsin_log(run, keyset, step, values);
 *         if (loss != loss) {
 *             tocsin_alert(run, TOCSIN_ERROR, "loss is NaN", NULL, step, NULL);
 *         }
 *     }
 *     tocsin_finish(&run, 10000);
 *
 * Promises to the training process:
 *   - Nothing here blocks, aborts, exits or raises a signal. log and alert copy their arguments
 *     into a ring in memory and return; a background thread (the courier) does everything else.
 *     Only tocsin_start() (local files) and tocsin_finish() (its deadline) may take time.
 *   - A collector that is absent is no error: training runs, data waits in the ring, and when that
 *     is half full in the spool on disk. When both are full the newest call is dropped and counted,
 *     and the count reaches the database.
 *   - Every function may be called from any thread, and with run == NULL, which does nothing and
 *     returns TOCSIN_ERR_ARGUMENT (finish: TOCSIN_OK), so a program need not test for a failed
 *     start.
 *   - After fork() the child's calls on the inherited run return TOCSIN_ERR_FORKED and do nothing;
 *     the parent is not disturbed. A child may start a run of its own.
 *
 * Settings not given in the options come from the environment, then from defaults; docs/emitter.md
 * has the table. Strings are UTF-8. Times are taken at the call; what happened earlier is logged
 * with the functions that end in _at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_VERSION_MAJOR 0
#define TOCSIN_VERSION_MINOR 1
#define TOCSIN_VERSION_PATCH 0

#if defined(TOCSIN_BUILD)
#define TOCSIN_API __attribute__((visibility("default")))
#else
#define TOCSIN_API
#endif

/* Return codes: numbers are never changed or reused. */
enum tocsin_err {
    TOCSIN_OK = 0,
    TOCSIN_ERR_ARGUMENT = 1, /* NULL, an empty project, a negative count, an unknown level ... */
    TOCSIN_ERR_NAME = 2,     /* a name that is empty, over 255 bytes, not UTF-8, or contains NUL */
    TOCSIN_ERR_TOO_LONG = 3, /* more columns or bytes than docs/wire.md allows */
    TOCSIN_ERR_FULL = 4,     /* the ring is full: this call was dropped and counted */
    TOCSIN_ERR_FORKED = 5,   /* called in a forked child on its parent's run */
    TOCSIN_ERR_FINISHED = 6, /* called after tocsin_finish() began */
    TOCSIN_ERR_SYSTEM = 7,   /* memory, file, thread or socket not to be had at start */
    TOCSIN_ERR_CONFIG = 8,   /* a bad option or environment variable */
    TOCSIN_ERR_TIMEOUT = 9,  /* finish: the deadline passed before everything was acknowledged */
    TOCSIN_ERR_REFUSED = 10, /* the collector refused this run (for example resume=must, no run) */
};

enum tocsin_level { TOCSIN_INFO = 0, TOCSIN_WARN = 1, TOCSIN_ERROR = 2 };

/* What to do when a run of this name exists: always a new one; continue the newest one if there is
 * one; continue it or refuse. The collector resolves it. */
enum tocsin_resume { TOCSIN_RESUME_NEVER = 0, TOCSIN_RESUME_ALLOW = 1, TOCSIN_RESUME_MUST = 2 };

#define TOCSIN_STEP_AUTO INT64_MIN /* the step after the highest one logged so far; first: 0 */
#define TOCSIN_STEP_NONE                                                                           \
    INT64_MIN /* alert: the highest step logged so far, none before the first */

/* All strings are borrowed for the call only. NULL or the value of TOCSIN_OPTIONS_INIT means: from
 * the environment, else the default. */
struct tocsin_options {
    size_t size;           /* sizeof(struct tocsin_options); set by TOCSIN_OPTIONS_INIT */
    const char *endpoints; /* collector addresses, comma separated, one used at a time.
                              TOCSIN_ENDPOINT; default: this user's collector on this machine */
    const char *project;   /* TOCSIN_PROJECT; required from one of the two */
    const char *name;      /* run name. TOCSIN_RUN_NAME; default: adjective-noun-number */
    const char *group;     /* TOCSIN_GROUP; default: none */
    const char *config;    /* a JSON object; stored with the run */
    enum tocsin_resume resume;
    int64_t rank;          /* -1: RANK, SLURM_PROCID, OMPI_COMM_WORLD_RANK, PMI_RANK ... else 0 */
    int64_t world_size;    /* -1: WORLD_SIZE, SLURM_NTASKS, OMPI_COMM_WORLD_SIZE ... else 1 */
    const char *run_id;    /* any text, equal on all ranks of a run. TOCSIN_RUN_ID; default: from
                              the launcher's variables, else random */
    const char *ring_dir;  /* where the ring's file is. TOCSIN_RING_DIR; default: /dev/shm, else the
                              data directory */
    uint64_t ring_bytes;   /* size of the metrics ring. TOCSIN_RING_BYTES; 0: 8 MiB */
    bool quiet;            /* no lines on the terminal. TOCSIN_QUIET=1 */
    const char *spool_dir; /* where data waits that the ring has no room for. TOCSIN_SPOOL_DIR;
                              default: <data directory>/spool. Not on a network file system */
    uint64_t spool_bytes;  /* bound of all spools in that directory. TOCSIN_SPOOL_BYTES; 0: 1 GiB */
    const char *server_key;  /* public key of the collector; with it tcp connections are encrypted.
                                TOCSIN_SERVER_KEY; default: none */
    const char *key_file;    /* this side's key pair, as `tocsin keys client` makes it; goes with
                                server_key. TOCSIN_KEY_FILE; default: none */
    const char *webhook_url; /* where the collector posts this run's alerts, besides its own
                                endpoints; a secret, never printed. TOCSIN_WEBHOOK_URL, else
                                TRACKIO_WEBHOOK_URL; default, and "": none */
    const char *webhook_min_level; /* "info", "warn" or "error": this level and above.
                                      TOCSIN_WEBHOOK_MIN_LEVEL, else TRACKIO_WEBHOOK_MIN_LEVEL;
                                      default: info */
    int auto_log_gpu;          /* log all GPUs of this machine: 1 yes, 0 no, -1 TOCSIN_AUTO_LOG_GPU,
                                  default: no. Of the ranks on one machine one does it */
    int auto_log_cpu;          /* the same for CPU, memory, disks, network. TOCSIN_AUTO_LOG_CPU */
    double gpu_log_interval_s; /* how often; 0: every 10 s */
    double cpu_log_interval_s;
    int64_t started_ns; /* when the run began, if that is in the past; 0: now. Starts of a rank that
                           give the same time are parts of one: their steps do not hide each other's
                           (docs/emitter.md) */
};

#define TOCSIN_OPTIONS_INIT                                                                        \
    {                                                                                              \
        .size = sizeof(struct tocsin_options), .rank = -1, .world_size = -1, .auto_log_gpu = -1,   \
        .auto_log_cpu = -1                                                                         \
    }

struct tocsin;

/* A prepared list of metric names; valid for the run that made it. */
typedef uint32_t tocsin_keyset;

/* Starts a run: maps the ring, starts the courier. Does not wait for the collector.
 * On success *out_run is owned by the caller: give it to tocsin_finish().
 * Errors: ARGUMENT, NAME, TOO_LONG, CONFIG, SYSTEM; each also prints one line to stderr that says
 * what to change (unless quiet). */
TOCSIN_API enum tocsin_err tocsin_start(const struct tocsin_options *options,
                                        struct tocsin **out_run);

/* Prepares names[0..n) for tocsin_log(). The names are copied. The same names give the same
 * keyset. May allocate. Errors: ARGUMENT, NAME, TOO_LONG, FORKED, FINISHED, SYSTEM. */
TOCSIN_API enum tocsin_err tocsin_prepare(struct tocsin *run, size_t n, const char *const *names,
                                          tocsin_keyset *out_keyset);

/* Logs one value for each name of the keyset. values holds as many as were prepared. NaN and
 * infinities are kept as they are. No system call, no allocation, no wait.
 * Errors: ARGUMENT, FULL, FORKED, FINISHED. */
TOCSIN_API enum tocsin_err tocsin_log(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                                      const double *values);

/* Logs names[i] = values[i]. Finds the keyset by its names, preparing it at first use: about 15 ns
 * a name slower than tocsin_log(). Errors: those of tocsin_prepare() and tocsin_log(). */
TOCSIN_API enum tocsin_err tocsin_log_named(struct tocsin *run, int64_t step, size_t n,
                                            const char *const *names, const double *values);

/* Logs system metrics (GPU, host): ordered by time, without a step. Errors as above. */
TOCSIN_API enum tocsin_err tocsin_log_system(struct tocsin *run, size_t n, const char *const *names,
                                             const double *values);

/* The past: the same calls with a time of the caller's, nanoseconds since 1970, UTC. int64_t ends
 * in the year 2262, which PostgreSQL can store; it keeps microseconds. */
#define TOCSIN_TIME_NS_MIN 1

/* Errors: those of the function without _at, and ARGUMENT for a time below TOCSIN_TIME_NS_MIN. */
TOCSIN_API enum tocsin_err tocsin_log_at(struct tocsin *run, tocsin_keyset keyset, int64_t step,
                                         int64_t time_ns, const double *values);
TOCSIN_API enum tocsin_err tocsin_log_system_at(struct tocsin *run, size_t n,
                                                const char *const *names, int64_t time_ns,
                                                const double *values);

/* What tocsin_sample() reads. */
#define TOCSIN_SAMPLE_GPU 1U
#define TOCSIN_SAMPLE_CPU 2U

/* Told what was logged; NaN: could not be read this time. Borrowed for the call. */
typedef void (*tocsin_sampled)(void *context, size_t n, const char *const *names,
                               const double *values);

/* Reads and logs system metrics once, on this rank, whatever auto_log_gpu and auto_log_cpu say.
 * what: TOCSIN_SAMPLE_GPU, TOCSIN_SAMPLE_CPU, or both with |. Another thread does it; this one
 * waits for patience_ms (0: not at all, negative: 1,000) and then has `sampled`, which may be NULL,
 * called in it, once for each of what. Where there is no GPU nothing is logged and nothing told.
 * Errors: ARGUMENT, FORKED, FINISHED, SYSTEM, TIMEOUT (not yet: it is logged when it is read). */
TOCSIN_API enum tocsin_err tocsin_sample(struct tocsin *run, unsigned what, int64_t patience_ms,
                                         tocsin_sampled sampled, void *context);

/* Raises an alert: prints one line to stdout (coloured on a terminal unless NO_COLOR is set) and
 * sends it ahead of all metrics. title: 1 to 1,024 bytes; text: NULL or up to 32 KiB; longer ones
 * are cut at a code point and end in "...". step: TOCSIN_STEP_NONE for the highest step so far.
 * webhook_url: where the collector posts this alert; NULL or "": the run's. Below the run's
 * minimum level it goes to neither; endpoints of the collector are not concerned.
 * Errors: ARGUMENT, NAME (not UTF-8), TOO_LONG (webhook_url), FULL, FORKED, FINISHED. */
TOCSIN_API enum tocsin_err tocsin_alert(struct tocsin *run, enum tocsin_level level,
                                        const char *title, const char *text, int64_t step,
                                        const char *webhook_url);

/* An alert of the past: stored and shown like any other, but printed nowhere and posted nowhere,
 * not even to the collector's endpoints. step: TOCSIN_STEP_NONE for none. Errors: those of
 * tocsin_alert(), and ARGUMENT for a time below TOCSIN_TIME_NS_MIN. */
TOCSIN_API enum tocsin_err tocsin_alert_at(struct tocsin *run, enum tocsin_level level,
                                           const char *title, const char *text, int64_t step,
                                           int64_t time_ns);

/* Merges a JSON object into the run's config. Errors: ARGUMENT, TOO_LONG, FULL, FORKED, FINISHED.
 */
TOCSIN_API enum tocsin_err tocsin_set_config(struct tocsin *run, const char *json);

/* Ends the run: waits until everything is acknowledged or deadline_ms (0: do not wait, negative:
 * the default of 10,000) has passed, stops the courier, frees everything and sets *run to NULL.
 * With TIMEOUT or REFUSED one line on stderr says how many calls were not delivered and where they
 * wait. No other call on this run may be in progress or follow. *run may be NULL. */
TOCSIN_API enum tocsin_err tocsin_finish(struct tocsin **run, int64_t deadline_ms);

/* The same, recording that the run failed. */
TOCSIN_API enum tocsin_err tocsin_fail(struct tocsin **run, int64_t deadline_ms);

/* tocsin_finish() of a run that ended in the past. ARGUMENT, and the run goes on: a time below
 * TOCSIN_TIME_NS_MIN. */
TOCSIN_API enum tocsin_err tocsin_finish_at(struct tocsin **run, int64_t time_ns,
                                            int64_t deadline_ms);

/* Counters since the start of this process, in calls. */
struct tocsin_stats {
    size_t size;      /* sizeof(struct tocsin_stats), set by the caller */
    uint64_t emitted; /* log calls accepted or dropped */
    uint64_t dropped; /* dropped because ring and spool were full, or lost in a damaged spool */
    uint64_t refused; /* calls refused for a bad name, value count or length */
    uint64_t acknowledged; /* committed in PostgreSQL, as far as this process was told */
    uint64_t alerts;
    bool connected;          /* a collector has answered and is being used */
    uint64_t events_waiting; /* alerts and configs that are not committed yet */
};
TOCSIN_API enum tocsin_err tocsin_get_stats(struct tocsin *run, struct tocsin_stats *out);

/* Delivers what processes of this user have left on this machine: rings of killed ones, spools of
 * those that ended before everything was acknowledged. What a living process has is not touched.
 * A run does the same in the background for what was meant for the same collectors. */
struct tocsin_ship_options {
    size_t size;           /* sizeof(struct tocsin_ship_options) */
    const char *ring_dir;  /* NULL: TOCSIN_RING_DIR, else the default places */
    const char *spool_dir; /* NULL: TOCSIN_SPOOL_DIR, else the default place */
    const char *endpoints; /* NULL: to where each of them was meant to go */
    int64_t patience_ms;   /* how long to wait for an acknowledgement; 0: 10,000 */
    bool quiet;
    const char *server_key; /* NULL: TOCSIN_SERVER_KEY, else none */
    const char *key_file;   /* NULL: TOCSIN_KEY_FILE, else none */
};
struct tocsin_ship_report {
    size_t size;        /* sizeof(struct tocsin_ship_report), set by the caller */
    uint64_t found;     /* runs that left something */
    uint64_t delivered; /* of them: all that they left */
    uint64_t refused;   /* of them: refused by the collector */
    uint64_t damaged;   /* files that make no sense; renamed to *.damaged */
    uint64_t calls;     /* log calls acknowledged now */
    uint64_t events;    /* alerts, configs and endings acknowledged now */
};
/* Looks through the directories once and returns when all is delivered or nobody takes it. Takes
 * time. Errors: ARGUMENT, CONFIG (endpoints, directories), TIMEOUT and REFUSED (something is left;
 * out_report says how much). */
TOCSIN_API enum tocsin_err tocsin_ship(const struct tocsin_ship_options *options,
                                       struct tocsin_ship_report *out_report);

/* Makes a pair of CURVE keys for a key file (docs/keys.md): 40 characters of Z85 (ZeroMQ RFC 32)
 * and a NUL each. Errors: ARGUMENT, SYSTEM (the installed libzmq has no CURVE). */
TOCSIN_API enum tocsin_err tocsin_keypair(char out_public_key[41], char out_secret_key[41]);

/* Name of the run (borrowed until tocsin_finish); "" for NULL. */
TOCSIN_API const char *tocsin_run_name(const struct tocsin *run);

/* "0.1.0", of the library in use; may differ from the header's macros. */
TOCSIN_API const char *tocsin_version(void);

/* One English sentence without a full stop; never NULL. */
TOCSIN_API const char *tocsin_strerror(enum tocsin_err err);

#ifdef __cplusplus
}
#endif

#endif
