/* SPDX-License-Identifier: Apache-2.0 */
/* What a call costs the thread that makes it: p50, p99, p99.9 and maximum in ns, one line per way
 * of calling, with the cost of reading the clock subtracted.
 *     bench_hotpath           into a ring that has room for all
 *     bench_hotpath minute    a minute long, into the ring that users get: with nobody to take it,
 *                             the courier moves it to the spool meanwhile
 */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"

#define METRICS        10
#define BURST_CALLS    200000
#define PACED_CALLS    20000
#define PACE_NS        200000
#define ALERTS         1000
#define MINUTE_CALLS   120000
#define MINUTE_PACE_NS 500000

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

static const struct row {
    const char *what;
    void (*call)(struct bench *);
    int n;
    int64_t pace_ns;
} rows[] = {{"log_burst", call_log, BURST_CALLS, 0},
            {"log_paced", call_log, PACED_CALLS, PACE_NS},
            {"named_burst", call_named, BURST_CALLS, 0},
            {"alert_paced", call_alert, ALERTS, PACE_NS}};
static const struct row minute = {"log_minute", call_log, MINUTE_CALLS, MINUTE_PACE_NS};

int main(int argc, char **argv) {
    const bool is_minute = argc > 1 && strcmp(argv[1], "minute") == 0;
    const struct row *row = is_minute ? &minute : rows;
    const struct row *end = is_minute ? &minute + 1 : rows + sizeof rows / sizeof rows[0];
    struct bench b = {.run = NULL};
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.project = "bench-hotpath";
    options.ring_bytes = is_minute ? 0 : 256ULL * 1024 * 1024;
    options.quiet = true;
    if (tocsin_start(&options, &b.run) != TOCSIN_OK ||
        tocsin_prepare(b.run, METRICS, names, &b.keyset) != TOCSIN_OK) {
        return 1;
    }
    measure(&b, call_nothing, BURST_CALLS, 0);
    const int64_t clock_ns = times_ns[BURST_CALLS / 2];
    for (; row < end; row++) {
        measure(&b, row->call, row->n, row->pace_ns);
        report(row->what, row->n, clock_ns);
    }
    struct tocsin_stats stats = {.size = sizeof stats};
    (void)tocsin_get_stats(b.run, &stats);
    printf("dropped %llu\n", (unsigned long long)stats.dropped);
    (void)tocsin_finish(&b.run, getenv("BENCH_ABSENT") != NULL ? 0 : 30000);
    return 0;
}
