/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOMENTUM 0.9F
#define INPUT    ((size_t)MODEL_CONTEXT * MODEL_EMBED)

/* Where each part of the parameter vector is. */
struct parts {
    float *embed; /* vocab x MODEL_EMBED */
    float *w_in;  /* hidden x INPUT */
    float *b_in;  /* hidden */
    float *w_out; /* vocab x hidden */
    float *b_out; /* vocab */
};

static struct parts parts_of(const struct model *m, float *vector) {
    struct parts p;
    p.embed = vector;
    p.w_in = p.embed + m->vocab * MODEL_EMBED;
    p.b_in = p.w_in + m->hidden * INPUT;
    p.w_out = p.b_in + m->hidden;
    p.b_out = p.w_out + m->vocab * m->hidden;
    return p;
}

uint64_t model_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static void fill_uniform(float *at, size_t n, double range, uint64_t *state) {
    for (size_t i = 0; i < n; i++) {
        const double unit = (double)(model_random(state) >> 11) / 9007199254740992.0;
        at[i] = (float)((2 * unit - 1) * range);
    }
}

int model_init(struct model *m, size_t vocab, size_t hidden, uint64_t seed) {
    *m = (struct model){.vocab = vocab, .hidden = hidden};
    m->n = vocab * MODEL_EMBED + hidden * INPUT + hidden + vocab * hidden + vocab;
    m->params = calloc(m->n, sizeof *m->params);
    m->velocity = calloc(m->n, sizeof *m->velocity);
    m->scratch = calloc(INPUT * 2 + hidden * 2 + vocab, sizeof *m->scratch);
    if (m->params == NULL || m->velocity == NULL || m->scratch == NULL) {
        model_fini(m);
        return -1;
    }
    uint64_t state = seed * 2 + 1;
    const struct parts p = parts_of(m, m->params);
    fill_uniform(p.embed, vocab * MODEL_EMBED, 0.5, &state);
    fill_uniform(p.w_in, hidden * INPUT, sqrt(3.0 / (double)INPUT), &state);
    fill_uniform(p.w_out, vocab * hidden, sqrt(3.0 / (double)hidden), &state);
    return 0;
}

void model_fini(struct model *m) {
    free(m->params);
    free(m->velocity);
    free(m->scratch);
    *m = (struct model){0};
}

/* Activations of one example, and the gradients that flow back through them. */
struct pass {
    float *x, *dx;      /* INPUT */
    float *h, *dh;      /* hidden */
    float *probability; /* vocab; becomes the gradient of the logits */
};

static struct pass pass_of(const struct model *m) {
    struct pass pass;
    pass.x = m->scratch;
    pass.dx = pass.x + INPUT;
    pass.h = pass.dx + INPUT;
    pass.dh = pass.h + m->hidden;
    pass.probability = pass.dh + m->hidden;
    return pass;
}

static float dot(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void add_scaled(float *to, const float *from, float by, size_t n) {
    for (size_t i = 0; i < n; i++) {
        to[i] += by * from[i];
    }
}

/* Returns the loss of one example. */
static double forward(const struct model *m, const struct pass *pass, const uint8_t *context,
                      size_t target) {
    const struct parts p = parts_of(m, m->params);
    for (size_t c = 0; c < MODEL_CONTEXT; c++) {
        memcpy(pass->x + c * MODEL_EMBED, p.embed + (size_t)context[c] * MODEL_EMBED,
               MODEL_EMBED * sizeof *pass->x);
    }
    for (size_t j = 0; j < m->hidden; j++) {
        pass->h[j] = tanhf(p.b_in[j] + dot(p.w_in + j * INPUT, pass->x, INPUT));
    }
    float highest = -INFINITY;
    for (size_t v = 0; v < m->vocab; v++) {
        pass->probability[v] = p.b_out[v] + dot(p.w_out + v * m->hidden, pass->h, m->hidden);
        highest = fmaxf(highest, pass->probability[v]);
    }
    double sum = 0;
    for (size_t v = 0; v < m->vocab; v++) {
        pass->probability[v] = expf(pass->probability[v] - highest);
        sum += pass->probability[v];
    }
    for (size_t v = 0; v < m->vocab; v++) {
        pass->probability[v] = (float)(pass->probability[v] / sum);
    }
    return -log(pass->probability[target]);
}

static void backward(const struct model *m, const struct pass *pass, const uint8_t *context,
                     size_t target, float scale, float *grads) {
    const struct parts p = parts_of(m, m->params);
    const struct parts g = parts_of(m, grads);
    pass->probability[target] -= 1;
    memset(pass->dh, 0, m->hidden * sizeof *pass->dh);
    memset(pass->dx, 0, INPUT * sizeof *pass->dx);
    for (size_t v = 0; v < m->vocab; v++) {
        const float d = pass->probability[v] * scale;
        g.b_out[v] += d;
        add_scaled(g.w_out + v * m->hidden, pass->h, d, m->hidden);
        add_scaled(pass->dh, p.w_out + v * m->hidden, d, m->hidden);
    }
    for (size_t j = 0; j < m->hidden; j++) {
        const float d = pass->dh[j] * (1 - pass->h[j] * pass->h[j]);
        g.b_in[j] += d;
        add_scaled(g.w_in + j * INPUT, pass->x, d, INPUT);
        add_scaled(pass->dx, p.w_in + j * INPUT, d, INPUT);
    }
    for (size_t c = 0; c < MODEL_CONTEXT; c++) {
        add_scaled(g.embed + (size_t)context[c] * MODEL_EMBED, pass->dx + c * MODEL_EMBED, 1,
                   MODEL_EMBED);
    }
}

double model_loss(const struct model *m, const uint8_t *tokens, const size_t *at, size_t batch,
                  float *grads) {
    const struct pass pass = pass_of(m);
    double loss = 0;
    for (size_t i = 0; i < batch; i++) {
        const uint8_t *context = tokens + at[i] - MODEL_CONTEXT;
        const size_t target = tokens[at[i]];
        loss += forward(m, &pass, context, target);
        if (grads != NULL) {
            backward(m, &pass, context, target, 1.0F / (float)batch, grads);
        }
    }
    return loss / (double)batch;
}

void model_step(struct model *m, const float *grads, double lr) {
    for (size_t i = 0; i < m->n; i++) {
        m->velocity[i] = MOMENTUM * m->velocity[i] + grads[i];
        m->params[i] -= (float)lr * m->velocity[i];
    }
}
