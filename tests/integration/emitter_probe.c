/* SPDX-License-Identifier: Apache-2.0 */
/* emitter_probe FIFO: a training process that does what the lines of a named pipe say, one after
 * the other, and says when it is done. Its options come from the environment.
 *
 *     log N          N calls of {"x", "odd"}: x is the step, odd in turns NaN, Inf, -Inf, 0.5
 *     alert TEXT
 *     finish MS      tocsin_finish(); says its code and how many ms it took
 *     leave          exit(0) without finish
 *
 * The end of the pipe is the end of the process. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/include/tocsin.h"
#include "schema/wire/clock.h"

static struct tocsin *run;
static tocsin_keyset keyset;

static void log_calls(const char *argument) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, 0.5};
    static int64_t step;
    for (long n = strtol(argument, NULL, 10); n > 0; n--, step++) {
        const double values[] = {(double)step, odd[step % 4]};
        tocsin_log(run, keyset, step, values);
    }
    printf("logged %lld\n", (long long)step);
}

static void alert(const char *argument) {
    printf("alerted %d\n",
           tocsin_alert(run, TOCSIN_ERROR, argument, "text", TOCSIN_STEP_NONE, NULL));
}

static void finish(const char *argument) {
    const int64_t before_ns = clock_mono_ns();
    const enum tocsin_err err = tocsin_finish(&run, strtol(argument, NULL, 10));
    printf("finished %d %lld\n", err, (long long)((clock_mono_ns() - before_ns) / CLOCK_NS_PER_MS));
}

static void leave(const char *argument) {
    (void)argument;
    exit(0);
}

static const struct {
    const char *name;
    void (*act)(const char *argument);
} commands[] = {{"log", log_calls}, {"alert", alert}, {"finish", finish}, {"leave", leave}};

static void obey(char *line) {
    char *argument = strchr(line, ' ');
    line[strcspn(line, "\n")] = '\0';
    if (argument != NULL) {
        *argument++ = '\0';
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(line, commands[i].name) == 0) {
            commands[i].act(argument != NULL ? argument : "");
            fflush(stdout);
        }
    }
}

int main(int argc, char **argv) {
    static const char *const names[] = {"x", "odd"};
    const struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    char line[256];
    if (argc != 2 || tocsin_start(&options, &run) != TOCSIN_OK ||
        tocsin_prepare(run, 2, names, &keyset) != TOCSIN_OK) {
        return 2;
    }
    printf("started\n");
    fflush(stdout);
    FILE *orders = fopen(argv[1], "re");
    if (orders == NULL) {
        return 2;
    }
    while (fgets(line, sizeof line, orders) != NULL) {
        obey(line);
    }
    fclose(orders);
    return 0;
}
