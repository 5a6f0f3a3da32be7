/* SPDX-License-Identifier: Apache-2.0 */
/* What a call costs the thread that makes it: p50, p99, p99.9 and maximum in ns, one line per way
 * of calling, with the cost of reading the clock subtracted. */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"

#define METRICS     10
#define BURST_CALLS 200000
#define PACED_CALLS 20000
#define PACE_NS     200000
#define ALERTS      1000

static const char *const names[METRICS] = {
    "train/loss", "train/grad_norm", "train/lr",     "perf/tokens", "perf/step_time",
    "val/loss",   "model/weight",    "model/update", "data/epoch",  "data/samples"};

struct bench {
    struct tocsin *run;
    tocsin_keyset keyset;
    double values[METRICS];
    int64_t step;
};

static void call_nothing(struct bench *b) {
    b->step++;
}

static void call_log(struct bench *b) {
    (void)tocsin_log(b->run, b->keyset, b->step++, b->values);
}

static void call_named(struct bench *b) {
    (void)tocsin_log_named(b->run, b->step++, METRICS, names, b->values);
}

static void call_alert(struct bench *b) {
    (void)tocsin_alert(b->run, TOCSIN_INFO, "bench", "an alert of the benchmark", b->step++, NULL);
}

static int compare(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t times_ns[BURST_CALLS];

static void measure(struct bench *b, void (*call)(struct bench *), int n, int64_t pace_ns) {
    int64_t next_ns = clock_mono_ns();
    for (int i = 0; i < n; i++) {
        while (pace_ns > 0 && clock_mono_ns() < next_ns) {
        }
        next_ns += pace_ns;
        b->values[0] = i;
        const int64_t begin_ns = clock_mono_ns();
        call(b);
        times_ns[i] = clock_mono_ns() - begin_ns;
    }
    qsort(times_ns, (size_t)n, sizeof times_ns[0], compare);
}

static void report(const char *what, int n, int64_t clock_ns) {
    static const double quantiles[] = {0.5, 0.99, 0.999, 1.0};
    printf("%s", what);
    for (size_t q = 0; q < sizeof quantiles / sizeof quantiles[0]; q++) {
        const int at = (int)(quantiles[q] * n) - (quantiles[q] >= 1.0);
        const int64_t ns = times_ns[at] - clock_ns;
        printf(" %lld", (long long)(ns > 0 ? ns : 0));
    }
    printf("\n");
}

int main(void) {
    static const struct {
        const char *what;
        void (*call)(struct bench *);
        int n;
        int64_t pace_ns;
    } rows[] = {{"log_burst", call_log, BURST_CALLS, 0},
                {"log_paced", call_log, PACED_CALLS, PACE_NS},
                {"named_burst", call_named, BURST_CALLS, 0},
                {"alert_paced", call_alert, ALERTS, PACE_NS}};
    struct bench b = {.run = NULL};
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.project = "bench-hotpath";
    options.ring_bytes = 256ULL * 1024 * 1024;
    options.quiet = true;
    if (tocsin_start(&options, &b.run) != TOCSIN_OK ||
        tocsin_prepare(b.run, METRICS, names, &b.keyset) != TOCSIN_OK) {
        return 1;
    }
    measure(&b, call_nothing, BURST_CALLS, 0);
    const int64_t clock_ns = times_ns[BURST_CALLS / 2];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        measure(&b, rows[i].call, rows[i].n, rows[i].pace_ns);
        report(rows[i].what, rows[i].n, clock_ns);
    }
    struct tocsin_stats stats = {.size = sizeof stats};
    (void)tocsin_get_stats(b.run, &stats);
    printf("dropped %llu\n", (unsigned long long)stats.dropped);
    (void)tocsin_finish(&b.run, getenv("BENCH_ABSENT") != NULL ? 0 : 30000);
    return 0;
}
