/* SPDX-License-Identifier: Apache-2.0 */
/* trainer RECORD START SEED CALLS RATE FINISH_MS [RUNS]
 *
 * A training process of the fault tests: logs CALLS calls that follow from SEED, RATE a second (0:
 * as fast as it can), and finishes within FINISH_MS; SIGTERM finishes it early. Project, rank,
 * endpoints and the rest come from the environment, as for anybody. With RUNS it is so many ranks
 * at once, from $RANK on.
 *
 * What it is about to log and what log() returned goes to RECORD, a pipe whose other end survives a
 * kill of this process. One line each, of less than PIPE_BUF bytes, written at once, so that lines
 * of many trainers do not mix. START numbers this process start (and those that follow, with RUNS):
 *
 *     S start rank pid time                  tocsin_start() is called      s start code time
 *     K start keyset kind prefix columns     a keyset: its kind, its names prefix0, prefix1 ...
 *     C start n keyset step time value,...   call n is logged: float64 as hexadecimal bits
 *     A start n level step time title text   call n is an alert
 *     J start n time                         call n is a config: {"start.n": n}
 *     r start n code time                    call n returned
 *     W start calls                          so many are acknowledged
 *     D start ending time                    finish (0) is called          d start code time
 *
 * The first value of every call is its number. Times are wall clock, ns. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "emitter/include/tocsin.h"

#define COLUMNS_MAX 40
#define BURST_MAX   32
#define FAILED      5 /* exit code: the test itself is broken */

static const struct {
    bool system;
    size_t columns;
} keysets[] = {{false, 1}, {false, 3}, {false, 10}, {false, COLUMNS_MAX}, {false, 2}, {true, 4}};
enum { KEYSETS = sizeof keysets / sizeof keysets[0], KEYSET_NAMED = 4, KEYSET_SYSTEM = 5 };

struct rank {
    uint64_t start;
    int64_t rank;
    uint64_t random; /* state of the generator */
    uint64_t calls;
    struct tocsin *run;
    tocsin_keyset handles[KEYSETS];
};

static int record_fd;
static char names[KEYSETS][COLUMNS_MAX][48];
static const char *name_list[KEYSETS][COLUMNS_MAX];
static volatile sig_atomic_t stopping;

static void stop(int number) {
    (void)number;
    stopping = 1;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
    char line[PIPE_BUF];
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    ssize_t written;
    do {
        written = write(record_fd, line, (size_t)len);
    } while (written < 0 && errno == EINTR);
    if (written != len) {
        _exit(FAILED);
    }
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t next(struct rank *rank) {
    uint64_t z = rank->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Mostly numbers as they are trained with; also what a table must not change: NaN with either sign,
 * infinities, minus zero, and any 64 bits. */
static double next_value(struct rank *rank) {
    static const double special[] = {NAN, -NAN, INFINITY, -INFINITY, -0.0, 5e-324, 1e308};
    const uint64_t random = next(rank);
    if (random % 16 > 1) {
        return (double)(float)((double)(random >> 11) / 4503599627370496.0 - 1);
    }
    if (random % 16 == 0) {
        return special[(random >> 8) % (sizeof special / sizeof special[0])];
    }
    const uint64_t bits = next(rank);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void say_return(const struct rank *rank, enum tocsin_err err) {
    say("r %" PRIu64 " %" PRIu64 " %d %" PRId64 "\n", rank->start, rank->calls, (int)err, now_ns());
}

static enum tocsin_err log_values(struct rank *rank, size_t k, int64_t step, const double *values) {
    const size_t n = keysets[k].columns;
    switch (k) {
    case KEYSET_NAMED:
        return tocsin_log_named(rank->run, step, n, name_list[k], values);
    case KEYSET_SYSTEM:
        return tocsin_log_system(rank->run, n, name_list[k], values);
    default:
        return tocsin_log(rank->run, rank->handles[k], step, values);
    }
}

static void log_call(struct rank *rank) {
    const size_t k = next(rank) % KEYSETS;
    const int64_t step = (int64_t)(rank->calls + (next(rank) % 8 == 0)); /* some steps twice */
    double values[COLUMNS_MAX] = {(double)rank->calls};
    char hex[17 * COLUMNS_MAX + 1];
    for (size_t i = 0; i < keysets[k].columns; i++) {
        values[i] = i == 0 ? values[0] : next_value(rank);
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        snprintf(hex + 17 * i, sizeof hex - 17 * i, "%016" PRIx64 ",", bits);
    }
    say("C %" PRIu64 " %" PRIu64 " %zu %" PRId64 " %" PRId64 " %s\n", rank->start, rank->calls, k,
        step, now_ns(), hex);
    say_return(rank, log_values(rank, k, step, values));
}

static void raise_alert(struct rank *rank) {
    char title[64];
    char text[256];
    const enum tocsin_level level = (enum tocsin_level)(next(rank) % 3);
    const int64_t step = (int64_t)rank->calls;
    snprintf(title, sizeof title, "alert-%" PRIu64 "-%" PRIu64, rank->start, rank->calls);
    memset(text, 'a' + (int)(next(rank) % 26), sizeof text - 1);
    text[1 + next(rank) % (sizeof text - 1)] = '\0';
    text[sizeof text - 1] = '\0';
    say("A %" PRIu64 " %" PRIu64 " %d %" PRId64 " %" PRId64 " %s %s\n", rank->start, rank->calls,
        (int)level, step, now_ns(), title, text);
    say_return(rank, tocsin_alert(rank->run, level, title, text, step, NULL));
}

static void set_config(struct rank *rank) {
    char json[64];
    snprintf(json, sizeof json, "{\"%" PRIu64 ".%" PRIu64 "\": %" PRIu64 "}", rank->start,
             rank->calls, rank->calls);
    say("J %" PRIu64 " %" PRIu64 " %" PRId64 "\n", rank->start, rank->calls, now_ns());
    say_return(rank, tocsin_set_config(rank->run, json));
}

static void call(struct rank *rank) {
    const uint64_t which = next(rank) % 1000;
    if (which < 970) {
        log_call(rank);
    } else if (which < 999) {
        raise_alert(rank);
    } else {
        set_config(rank);
    }
    rank->calls++;
}

static void make_names(void) {
    for (size_t k = 0; k < KEYSETS; k++) {
        for (size_t i = 0; i < keysets[k].columns; i++) {
            snprintf(names[k][i], sizeof names[k][i], "k%zu/m%zu", k, i);
            name_list[k][i] = names[k][i];
        }
    }
}

static bool start(struct rank *rank) {
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.rank = rank->rank;
    say("S %" PRIu64 " %" PRId64 " %d %" PRId64 "\n", rank->start, rank->rank, (int)getpid(),
        now_ns());
    enum tocsin_err err = tocsin_start(&options, &rank->run);
    say("s %" PRIu64 " %d %" PRId64 "\n", rank->start, (int)err, now_ns());
    for (size_t k = 0; err == TOCSIN_OK && k < KEYSETS; k++) {
        say("K %" PRIu64 " %zu %s k%zu/m %zu\n", rank->start, k,
            keysets[k].system ? "system" : "metric", k, keysets[k].columns);
        if (!keysets[k].system) {
            err = tocsin_prepare(rank->run, keysets[k].columns, name_list[k], &rank->handles[k]);
        }
    }
    return err == TOCSIN_OK;
}

static void say_acknowledged(const struct rank *rank) {
    struct tocsin_stats stats = {.size = sizeof stats};
    if (tocsin_get_stats(rank->run, &stats) == TOCSIN_OK) {
        say("W %" PRIu64 " %" PRIu64 "\n", rank->start, stats.acknowledged);
    }
}

static void pause_after(uint64_t calls, uint64_t rate) {
    if (rate > 0) {
        const uint64_t ns = calls * 1000000000 / rate;
        const struct timespec pause = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
        nanosleep(&pause, NULL); /* SIGTERM ends it early, as it should */
    }
}

/* Bursts of calls, one rank after the other. */
static void train(struct rank *ranks, size_t n, uint64_t calls, uint64_t rate) {
    uint64_t done = 0;
    for (size_t i = 0; done < calls * n && !stopping; i = (i + 1) % n) {
        struct rank *rank = &ranks[i];
        uint64_t burst = 1 + next(rank) % BURST_MAX;
        if (burst > calls - rank->calls) {
            burst = calls - rank->calls;
        }
        for (uint64_t b = 0; b < burst; b++) {
            call(rank);
        }
        done += burst;
        say_acknowledged(rank);
        pause_after(burst, rate);
    }
}

static enum tocsin_err finish(struct rank *rank, int64_t deadline_ms) {
    say("D %" PRIu64 " 0 %" PRId64 "\n", rank->start, now_ns());
    const enum tocsin_err err = tocsin_finish(&rank->run, deadline_ms);
    say("d %" PRIu64 " %d %" PRId64 "\n", rank->start, (int)err, now_ns());
    return err;
}

int main(int argc, char **argv) {
    const char *first_rank = getenv("RANK");
    signal(SIGTERM, stop);
    if (argc < 7 || first_rank == NULL || (record_fd = open(argv[1], O_WRONLY | O_CLOEXEC)) < 0) {
        return FAILED;
    }
    const size_t n = argc > 7 ? (size_t)strtoul(argv[7], NULL, 10) : 1;
    struct rank *ranks = calloc(n, sizeof *ranks);
    if (ranks == NULL) {
        return FAILED;
    }
    make_names();
    enum tocsin_err worst = TOCSIN_OK;
    for (size_t i = 0; i < n; i++) {
        ranks[i] = (struct rank){.start = strtoull(argv[2], NULL, 10) + i,
                                 .rank = strtol(first_rank, NULL, 10) + (long)i,
                                 .random = strtoull(argv[3], NULL, 10) + i};
        if (!start(&ranks[i])) {
            return FAILED;
        }
    }
    train(ranks, n, strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10));
    for (size_t i = 0; i < n; i++) {
        const enum tocsin_err err = finish(&ranks[i], strtol(argv[6], NULL, 10));
        worst = err != TOCSIN_OK ? err : worst;
    }
    free(ranks);
    return worst == TOCSIN_OK ? 0 : worst == TOCSIN_ERR_TIMEOUT ? 3 : 4;
}
