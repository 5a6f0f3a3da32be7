/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/answers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct list {
    struct answer *items;
    size_t n;
    size_t cap;
};

struct answers {
    pthread_mutex_t lock;
    struct list written; /* writer only */
    struct list sent;    /* under the lock */
    struct list taken;   /* ingest only */
    answers_wake_fn *wake;
    void *context;
};

struct answers *answers_new(answers_wake_fn *wake, void *context) {
    struct answers *answers = calloc(1, sizeof *answers);
    if (!answers) {
        abort();
    }
    pthread_mutex_init(&answers->lock, NULL);
    answers->wake = wake;
    answers->context = context;
    return answers;
}

static void free_list(struct list *list) {
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].text);
    }
    free(list->items);
}

void answers_free(struct answers *answers) {
    if (!answers) {
        return;
    }
    free_list(&answers->written);
    free_list(&answers->sent);
    free(answers->taken.items);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

static void append(struct list *list, const struct answer *items, size_t n) {
    if (list->n + n > list->cap) {
        list->cap = (list->n + n) * 2;
        list->items = realloc(list->items, list->cap * sizeof *list->items);
        if (!list->items) {
            abort();
        }
    }
    memcpy(list->items + list->n, items, n * sizeof *items);
    list->n += n;
}

void answers_put(struct answers *answers, const struct answer *answer) {
    append(&answers->written, answer, 1);
}

void answers_send(struct answers *answers) {
    if (answers->written.n == 0) {
        return;
    }
    pthread_mutex_lock(&answers->lock);
    append(&answers->sent, answers->written.items, answers->written.n);
    pthread_mutex_unlock(&answers->lock);
    answers->written.n = 0;
    answers->wake(answers->context);
}

struct answer *answers_take(struct answers *answers, size_t *out_n) {
    pthread_mutex_lock(&answers->lock);
    const struct list old = answers->taken;
    answers->taken = answers->sent;
    answers->sent = (struct list){.items = old.items, .n = 0, .cap = old.cap};
    pthread_mutex_unlock(&answers->lock);
    *out_n = answers->taken.n;
    return answers->taken.items;
}
