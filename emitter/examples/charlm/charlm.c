/* SPDX-License-Identifier: Apache-2.0 */
/* charlm: trains a small character language model with several ranks and tells tocsin about it.
 * See emitter/examples/README.md. */

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "ranks.h"
#include "tocsin.h"
#include "watch.h"

#define TEXT_PATH  "/usr/share/common-licenses/GPL-3"
#define TEXT_MAX   (1024 * 1024)
#define BATCH      32
#define VAL_BATCH  256
#define HIDDEN_MAX 4096
#define EXIT_NAN   3

struct plan { /* what the user asked for */
    double lr;
    int64_t steps;
    int64_t eval_every;
    int64_t hidden;
    int64_t ranks;
    int64_t seed;
    int64_t finish_ms; /* how long the end waits for the collector */
    const char *project, *name, *group, *log_dir;
};

struct corpus { /* the text as numbers: the first 9 tenths train, the rest validates */
    uint8_t tokens[TEXT_MAX];
    size_t n;
    size_t train_n;
    size_t vocab;
};

struct rank { /* one process at work, a copy of what main() prepared */
    const struct plan *plan;
    const struct corpus *corpus;
    struct ranks *shared;
    uint32_t number;
    struct model model;
    float *grads; /* n, and one more for the loss, so that both are averaged in one go */
    uint64_t random;
    struct watch watch;
    struct tocsin *run;
    tocsin_keyset train, val;
    FILE *log;
};

static const char *const train_names[] = {"train/loss", "train/loss_mean", "train/grad_norm",
                                          "train/lr", "perf/tokens_per_s"};
#define TRAIN_N (sizeof train_names / sizeof train_names[0])
static const char *const val_names[] = {"val/loss"};

static int corpus_read(struct corpus *corpus) {
    uint8_t number_of[256] = {0};
    bool seen[256] = {false};
    FILE *file = fopen(TEXT_PATH, "rb");
    if (file == NULL) {
        fprintf(stderr, "charlm: cannot read %s\n", TEXT_PATH);
        return -1;
    }
    corpus->n = fread(corpus->tokens, 1, TEXT_MAX, file);
    fclose(file);
    corpus->vocab = 0;
    for (size_t i = 0; i < corpus->n; i++) {
        const uint8_t byte = corpus->tokens[i];
        if (!seen[byte]) {
            seen[byte] = true;
            number_of[byte] = (uint8_t)corpus->vocab++;
        }
        corpus->tokens[i] = number_of[byte];
    }
    corpus->train_n = corpus->n / 10 * 9;
    return corpus->train_n > MODEL_CONTEXT + VAL_BATCH ? 0 : -1;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double norm(const float *vector, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)vector[i] * vector[i];
    }
    return sqrt(sum);
}

/* The independent record that the sweep's test compares with SQL: exact, as hexadecimal floats. */
static void write_log(FILE *log, int64_t step, size_t n, const char *const *names,
                      const double *values) {
    for (size_t i = 0; log != NULL && i < n; i++) {
        fprintf(log, "%lld,%s,%a\n", (long long)step, names[i], values[i]);
    }
}

static void pick(struct rank *r, size_t n, size_t *out_at) {
    const size_t span = r->corpus->train_n - MODEL_CONTEXT;
    for (size_t i = 0; i < n; i++) {
        out_at[i] = MODEL_CONTEXT + (size_t)(model_random(&r->random) % span);
    }
}

/* One step of training. Returns the loss averaged over the ranks. */
static double train_step(struct rank *r, int64_t step) {
    const struct plan *plan = r->plan;
    const double begin = seconds();
    size_t at[BATCH];
    pick(r, BATCH, at);
    memset(r->grads, 0, (r->model.n + 1) * sizeof *r->grads);
    const double loss = model_loss(&r->model, r->corpus->tokens, at, BATCH, r->grads);
    r->grads[r->model.n] = (float)loss;
    ranks_average(r->shared, r->number, r->grads);
    model_step(&r->model, r->grads, plan->lr);
    const double mean = r->grads[r->model.n];
    const double values[TRAIN_N] = {loss, mean, norm(r->grads, r->model.n), plan->lr,
                                    BATCH / (seconds() - begin)};
    tocsin_log(r->run, r->train, step, values);
    write_log(r->log, step, TRAIN_N, train_names, values);
    return mean;
}

/* Each rank validates on its own part of what is never trained on. */
static void validate(struct rank *r, int64_t step) {
    const struct corpus *corpus = r->corpus;
    const size_t first = corpus->train_n + MODEL_CONTEXT;
    size_t at[VAL_BATCH];
    for (size_t i = 0; i < VAL_BATCH; i++) {
        at[i] = first + (i * (size_t)r->plan->ranks + r->number) % (corpus->n - first);
    }
    const double loss = model_loss(&r->model, corpus->tokens, at, VAL_BATCH, NULL);
    tocsin_log(r->run, r->val, step, &loss);
    write_log(r->log, step, 1, val_names, &loss);
    if (r->number == 0) {
        watch_val(&r->watch, r->run, step, loss);
    }
}

/* True: it ended as planned. All ranks see the same mean, so all stop at the same step. */
static bool train(struct rank *r) {
    const struct plan *plan = r->plan;
    for (int64_t step = 0; step < plan->steps; step++) {
        const double mean = train_step(r, step);
        if (r->number == 0 ? watch_train(&r->watch, r->run, step, mean) : !isfinite(mean)) {
            return false;
        }
        if (step % plan->eval_every == 0 || step + 1 == plan->steps) {
            validate(r, step);
        }
    }
    return true;
}

/* Before the processes part, so that none fails while the others wait for it. */
static int rank_init(struct rank *r, const struct plan *plan, const struct corpus *corpus) {
    *r = (struct rank){.plan = plan, .corpus = corpus};
    if (model_init(&r->model, corpus->vocab, (size_t)plan->hidden, (uint64_t)plan->seed) != 0) {
        return -1;
    }
    r->grads = calloc(r->model.n + 1, sizeof *r->grads);
    r->shared = ranks_new((uint32_t)plan->ranks, r->model.n + 1);
    return r->grads != NULL && r->shared != NULL ? 0 : -1;
}

static void rank_fini(struct rank *r) {
    free(r->grads);
    model_fini(&r->model);
}

static void start_run(struct rank *r) {
    const struct plan *plan = r->plan;
    char config[256];
    snprintf(config, sizeof config,
             "{\"lr\": %g, \"hidden\": %lld, \"steps\": %lld, \"batch\": %d, \"ranks\": %lld, "
             "\"seed\": %lld}",
             plan->lr, (long long)plan->hidden, (long long)plan->steps, BATCH,
             (long long)plan->ranks, (long long)plan->seed);
    struct tocsin_options options = TOCSIN_OPTIONS_INIT;
    options.project = plan->project;
    options.name = plan->name;
    options.group = plan->group;
    options.config = config;
    if (tocsin_start(&options, &r->run) != TOCSIN_OK) {
        return; /* it said why; training does not need it */
    }
    tocsin_prepare(r->run, TRAIN_N, train_names, &r->train);
    tocsin_prepare(r->run, 1, val_names, &r->val);
}

static FILE *open_log(const struct plan *plan, uint32_t rank) {
    char path[4096];
    if (plan->log_dir == NULL) {
        return NULL;
    }
    snprintf(path, sizeof path, "%s/rank%u.csv", plan->log_dir, rank);
    FILE *log = fopen(path, "w");
    if (log == NULL) {
        perror(path);
    }
    return log;
}

/* Training decides the exit status; a collector that was absent does not. */
static int rank_main(uint32_t number, void *context) {
    struct rank *r = context;
    r->number = number;
    r->random = (uint64_t)r->plan->seed * 1000003 + number * 7919 + 1;
    watch_init(&r->watch);
    r->log = open_log(r->plan, number);
    start_run(r);
    const bool fine = train(r);
    if (r->log != NULL) {
        fclose(r->log);
    }
    /* What was not acknowledged in time is told in one line and waits on this machine. */
    (void)(fine ? tocsin_finish : tocsin_fail)(&r->run, r->plan->finish_ms);
    rank_fini(r);
    return fine ? 0 : EXIT_NAN;
}

static const char usage[] =
    "usage: charlm [--lr X] [--steps N] [--eval-every N] [--hidden N] [--ranks N] [--seed N]\n"
    "              [--project NAME] [--name NAME] [--group NAME] [--log DIR] [--finish-ms N]\n";

struct option { /* one of the three is set */
    const char *name;
    double *real;
    int64_t *whole;
    const char **text;
};

static bool assign(const struct option *option, const char *value) {
    char *end = "";
    if (option->text != NULL) {
        *option->text = value;
    } else if (option->real != NULL) {
        *option->real = strtod(value, &end);
    } else {
        *option->whole = strtoll(value, &end, 10);
    }
    return value[0] != '\0' && *end == '\0';
}

static bool is_sane(const struct plan *plan) {
    return plan->lr > 0 && plan->steps > 0 && plan->eval_every > 0 && plan->hidden > 0 &&
           plan->hidden <= HIDDEN_MAX && plan->ranks > 0 && plan->ranks <= RANKS_MAX &&
           plan->finish_ms >= 0;
}

static bool parse(char **argv, struct plan *out) {
    const struct option options[] = {
        {"--lr", .real = &out->lr},
        {"--steps", .whole = &out->steps},
        {"--eval-every", .whole = &out->eval_every},
        {"--hidden", .whole = &out->hidden},
        {"--ranks", .whole = &out->ranks},
        {"--seed", .whole = &out->seed},
        {"--finish-ms", .whole = &out->finish_ms},
        {"--project", .text = &out->project},
        {"--name", .text = &out->name},
        {"--group", .text = &out->group},
        {"--log", .text = &out->log_dir},
    };
    const size_t n = sizeof options / sizeof options[0];
    for (char **arg = argv + 1; arg[0] != NULL; arg += 2) {
        size_t i = 0;
        while (i < n && strcmp(options[i].name, arg[0]) != 0) {
            i++;
        }
        if (i == n || arg[1] == NULL || !assign(&options[i], arg[1])) {
            return false;
        }
    }
    return is_sane(out);
}

int main(int argc, char **argv) {
    struct plan plan = {.lr = 0.1,
                        .steps = 500,
                        .eval_every = 25,
                        .hidden = 64,
                        .seed = 1,
                        .ranks = 4,
                        .finish_ms = 10000,
                        .project = "charlm"};
    static struct corpus corpus;
    struct rank rank;
    (void)argc;
    if (!parse(argv, &plan)) {
        fputs(usage, stderr);
        return 2;
    }
    if (corpus_read(&corpus) != 0) {
        return 1;
    }
    int code = 1;
    if (rank_init(&rank, &plan, &corpus) != 0) {
        fprintf(stderr, "charlm: no memory for %lld ranks\n", (long long)plan.ranks);
    } else {
        code = ranks_launch((uint32_t)plan.ranks, rank_main, &rank);
    }
    rank_fini(&rank);
    return code;
}
