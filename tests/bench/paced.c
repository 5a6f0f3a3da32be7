/* SPDX-License-Identifier: Apache-2.0 */
/* paced METRICS HZ: one training process that logs METRICS values HZ times a second, or, HZ 0, as
 * fast as its ring takes them without losing one. Prints "ready" when a first call is acknowledged,
 * goes on until SIGTERM, and prints: calls emitted, calls dropped. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "emitter/include/tocsin.h"

#define METRICS_MAX 1024
#define NOISE       65536             /* more than a frame holds: no block repeats itself */
#define IN_RING_MAX (4 * 1024 * 1024) /* bytes that may wait: half of the default ring */
#define CHECK_EVERY 64
#define NS_PER_S    1000000000L
#define FINISH_MS   60000

static volatile sig_atomic_t told_to_stop;

static void stop(int number) {
    (void)number;
    told_to_stop = 1;
}

static void pause_ns(long ns) {
    const struct timespec pause = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    nanosleep(&pause, NULL);
}

static struct tocsin_stats stats_of(struct tocsin *run) {
    struct tocsin_stats stats = {.size = sizeof stats};
    (void)tocsin_get_stats(run, &stats);
    return stats;
}

static void wait_for_room(struct tocsin *run, uint64_t calls_max) {
    struct tocsin_stats stats = stats_of(run);
    while (!told_to_stop && stats.emitted - stats.acknowledged >= calls_max) {
        pause_ns(1000000);
        stats = stats_of(run);
    }
}

/* Sleeps until the n-th call is due. */
static void wait_for_turn(const struct timespec *begin, long hz, int64_t n) {
    const int64_t at_ns = begin->tv_nsec + n * (NS_PER_S / hz);
    const struct timespec due = {.tv_sec = begin->tv_sec + (time_t)(at_ns / NS_PER_S),
                                 .tv_nsec = (long)(at_ns % NS_PER_S)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static const double *values_of(int64_t step, size_t metrics) {
    static double noise[NOISE + METRICS_MAX];
    if (noise[0] == 0) {
        for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
            noise[i] = (double)(1.0F + 0.1F * (float)drand48()); /* as loss.item() gives */
        }
    }
    return noise + (size_t)step * metrics % NOISE;
}

static enum tocsin_err log_first(struct tocsin *run, tocsin_keyset keyset, size_t metrics) {
    const enum tocsin_err err = tocsin_log(run, keyset, 0, values_of(0, metrics));
    while (err == TOCSIN_OK && !told_to_stop && stats_of(run).acknowledged == 0) {
        pause_ns(5000000);
    }
    puts("ready");
    fflush(stdout);
    return err;
}

static enum tocsin_err log_all(struct tocsin *run, tocsin_keyset keyset, size_t metrics, long hz) {
    const uint64_t calls_max = IN_RING_MAX / (32 + 8 * metrics);
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    enum tocsin_err err = log_first(run, keyset, metrics);
    for (int64_t step = 1; err == TOCSIN_OK && !told_to_stop; step++) {
        if (hz > 0) {
            wait_for_turn(&begin, hz, step);
        } else if (step % CHECK_EVERY == 0) {
            wait_for_room(run, calls_max);
        }
        err = tocsin_log(run, keyset, step, values_of(step, metrics));
    }
    return err;
}

int main(int argc, char **argv) {
    static char texts[METRICS_MAX][32];
    static const char *names[METRICS_MAX];
    const int metrics = argc == 3 ? atoi(argv[1]) : 0;
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    struct tocsin *run = NULL;
    tocsin_keyset keyset;
    if (metrics < 1 || metrics > METRICS_MAX) {
        return 2;
    }
    for (int i = 0; i < metrics; i++) {
        snprintf(texts[i], sizeof texts[i], "train/m%03d", i);
        names[i] = texts[i];
    }
    options.quiet = true;
    signal(SIGTERM, stop);
    if (tocsin_start(&options, &run) != TOCSIN_OK ||
        tocsin_prepare(run, (size_t)metrics, names, &keyset) != TOCSIN_OK) {
        return 3;
    }
    const enum tocsin_err err = log_all(run, keyset, (size_t)metrics, strtol(argv[2], NULL, 10));
    const struct tocsin_stats stats = stats_of(run);
    printf("%llu %llu\n", (unsigned long long)stats.emitted, (unsigned long long)stats.dropped);
    return err == TOCSIN_OK && tocsin_finish(&run, FINISH_MS) == TOCSIN_OK ? 0 : 4;
}
