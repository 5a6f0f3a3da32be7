/* SPDX-License-Identifier: Apache-2.0 */
/* charlm: trains a small character language model with several ranks and tells tocsin about it.
 * See emitter/examples/README.md. */

#include <getopt.h>
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

#define TEXT_PATH   "/usr/share/common-licenses/GPL-3"
#define TEXT_MAX    (1024 * 1024)
#define BATCH       32
#define VAL_BATCH   256
#define EXIT_NAN    3
#define FINISH_MS   10000

struct plan { /* what the user asked for */
    double lr;
    int64_t steps;
    int64_t eval_every;
    size_t hidden;
    uint64_t seed;
    uint32_t ranks;
    const char *project, *name, *group, *log_dir;
};

struct corpus { /* the text as numbers: the first 9 tenths train, the rest validates */
    uint8_t tokens[TEXT_MAX];
    size_t n;
    size_t train_n;
    size_t vocab;
};

struct job {
    struct plan plan;
    struct corpus *corpus;
    struct ranks *shared;
};

struct rank { /* one process at work */
    const struct job *job;
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

static int corpus_read(struct corpus *corpus)
{
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

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double norm(const float *vector, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)vector[i] * vector[i];
    }
    return sqrt(sum);
}

/* The independent record that the sweep's test compares with SQL: exact, as hexadecimal floats. */
static void write_log(FILE *log, int64_t step, size_t n, const char *const *names,
                      const double *values)
{
    for (size_t i = 0; log != NULL && i < n; i++) {
        fprintf(log, "%lld,%s,%a\n", (long long)step, names[i], values[i]);
    }
}

static void pick(struct rank *r, size_t n, size_t *out_at)
{
    const size_t span = r->job->corpus->train_n - MODEL_CONTEXT;
    for (size_t i = 0; i < n; i++) {
        out_at[i] = MODEL_CONTEXT + (size_t)(model_random(&r->random) % span);
    }
}

/* One step of training. Returns the loss averaged over the ranks. */
static double train_step(struct rank *r, int64_t step)
{
    const struct plan *plan = &r->job->plan;
    const double begin = seconds();
    size_t at[BATCH];
    pick(r, BATCH, at);
    memset(r->grads, 0, (r->model.n + 1) * sizeof *r->grads);
    const double loss = model_loss(&r->model, r->job->corpus->tokens, at, BATCH, r->grads);
    r->grads[r->model.n] = (float)loss;
    ranks_average(r->job->shared, r->number, r->grads);
    model_step(&r->model, r->grads, plan->lr);
    const double mean = r->grads[r->model.n];
    const double values[TRAIN_N] = {loss, mean, norm(r->grads, r->model.n), plan->lr,
                                    BATCH / (seconds() - begin)};
    tocsin_log(r->run, r->train, step, values);
    write_log(r->log, step, TRAIN_N, train_names, values);
    return mean;
}

/* Each rank validates on its own part of what is never trained on. */
static void validate(struct rank *r, int64_t step)
{
    const struct corpus *corpus = r->job->corpus;
    const size_t first = corpus->train_n + MODEL_CONTEXT;
    size_t at[VAL_BATCH];
    for (size_t i = 0; i < VAL_BATCH; i++) {
        at[i] = first + (i * r->job->plan.ranks + r->number) % (corpus->n - first);
    }
    const double loss = model_loss(&r->model, corpus->tokens, at, VAL_BATCH, NULL);
    tocsin_log(r->run, r->val, step, &loss);
    write_log(r->log, step, 1, val_names, &loss);
    if (r->number == 0) {
        watch_val(&r->watch, r->run, step, loss);
    }
}

/* True: it ended as planned. All ranks see the same mean, so all stop at the same step. */
static bool train(struct rank *r)
{
    const struct plan *plan = &r->job->plan;
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

static void start_run(struct rank *r)
{
    const struct plan *plan = &r->job->plan;
    char config[256];
    snprintf(config, sizeof config,
             "{\"lr\": %g, \"hidden\": %zu, \"steps\": %lld, \"batch\": %d, \"ranks\": %u, "
             "\"seed\": %llu}",
             plan->lr, plan->hidden, (long long)plan->steps, BATCH, plan->ranks,
             (unsigned long long)plan->seed);
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

static FILE *open_log(const struct plan *plan, uint32_t rank)
{
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

static int rank_main(uint32_t number, void *context)
{
    const struct job *job = context;
    struct rank r = {.job = job, .number = number};
    r.random = job->plan.seed * 1000003 + number * 7919 + 1;
    watch_init(&r.watch);
    if (model_init(&r.model, job->corpus->vocab, job->plan.hidden, job->plan.seed) != 0) {
        return 1;
    }
    r.grads = calloc(r.model.n + 1, sizeof *r.grads);
    if (r.grads == NULL) {
        return 1;
    }
    r.log = open_log(&job->plan, number);
    start_run(&r);
    const bool fine = train(&r);
    const enum tocsin_err err =
        fine ? tocsin_finish(&r.run, FINISH_MS) : tocsin_fail(&r.run, FINISH_MS);
    if (r.log != NULL) {
        fclose(r.log);
    }
    free(r.grads);
    model_fini(&r.model);
    return !fine ? EXIT_NAN : err == TOCSIN_OK ? 0 : 1;
}

static const char usage[] =
    "usage: charlm [--lr X] [--steps N] [--eval-every N] [--hidden N] [--ranks N] [--seed N]\n"
    "              [--project NAME] [--name NAME] [--group NAME] [--log DIR]\n";

static int parse(int argc, char **argv, struct plan *out)
{
    static const struct option options[] = {
        {"lr", 1, NULL, 'l'},      {"steps", 1, NULL, 's'},  {"eval-every", 1, NULL, 'e'},
        {"hidden", 1, NULL, 'h'},  {"ranks", 1, NULL, 'r'},  {"seed", 1, NULL, 'S'},
        {"project", 1, NULL, 'p'}, {"name", 1, NULL, 'n'},   {"group", 1, NULL, 'g'},
        {"log", 1, NULL, 'L'},     {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'l': out->lr = strtod(optarg, NULL); break;
        case 's': out->steps = strtoll(optarg, NULL, 10); break;
        case 'e': out->eval_every = strtoll(optarg, NULL, 10); break;
        case 'h': out->hidden = strtoul(optarg, NULL, 10); break;
        case 'r': out->ranks = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'S': out->seed = strtoull(optarg, NULL, 10); break;
        case 'p': out->project = optarg; break;
        case 'n': out->name = optarg; break;
        case 'g': out->group = optarg; break;
        case 'L': out->log_dir = optarg; break;
        default: fputs(usage, stderr); return -1;
        }
    }
    if (optind != argc || out->lr <= 0 || out->steps < 1 || out->eval_every < 1 ||
        out->hidden < 1 || out->hidden > 4096) {
        fputs(usage, stderr);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct job job = {.plan = {.lr = 0.1, .steps = 500, .eval_every = 25, .hidden = 64, .seed = 1,
                               .ranks = 4, .project = "charlm"}};
    if (parse(argc, argv, &job.plan) != 0) {
        return 2;
    }
    job.corpus = calloc(1, sizeof *job.corpus);
    struct model shape;
    if (job.corpus == NULL || corpus_read(job.corpus) != 0 ||
        model_init(&shape, job.corpus->vocab, job.plan.hidden, job.plan.seed) != 0) {
        return 1;
    }
    job.shared = ranks_new(job.plan.ranks, shape.n + 1);
    model_fini(&shape);
    if (job.shared == NULL) {
        fprintf(stderr, "charlm: no shared memory for %u ranks\n", job.plan.ranks);
        return 1;
    }
    const int code = ranks_launch(job.plan.ranks, rank_main, &job);
    free(job.corpus);
    return code;
}
