/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHARLM_MODEL_H
#define CHARLM_MODEL_H

/* A neural probabilistic language model over characters (Bengio et al. 2003): the embeddings of
 * the last MODEL_CONTEXT characters, one tanh layer, softmax over the next character. Trained by
 * gradient descent with momentum. All parameters are one vector, so that ranks average one. */

#include <stddef.h>
#include <stdint.h>

#define MODEL_CONTEXT 8
#define MODEL_EMBED   12

struct model {
    size_t vocab;
    size_t hidden;
    size_t n;        /* parameters */
    float *params;   /* n */
    float *velocity; /* n */
    float *scratch;  /* activations of one example */
};

/* 0 on success. The same seed gives the same parameters on every rank. */
int model_init(struct model *model, size_t vocab, size_t hidden, uint64_t seed);
void model_fini(struct model *model);

/* Mean cross entropy, in nats, of predicting tokens[at[i]] from the MODEL_CONTEXT tokens before
 * it. grads: NULL, or n floats to which the mean gradient is added. */
double model_loss(const struct model *model, const uint8_t *tokens, const size_t *at, size_t batch,
                  float *grads);
void model_step(struct model *model, const float *grads, double lr);

/* xorshift64* (Marsaglia 2003, Vigna 2016). state must not be 0. */
uint64_t model_random(uint64_t *state);

#endif
