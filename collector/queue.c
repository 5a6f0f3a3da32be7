/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "collector/counters.h"
#include "schema/wire/clock.h"

enum line_of { URGENT, METRICS, LINES };

struct line {
    struct message *first;
    struct message **end; /* where the next one is linked in */
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct line lines[LINES];
    size_t bytes;
    size_t max_bytes;
    bool found_full;
    bool closed;
    queue_wake_fn *wake;
    void *context;
};

struct queue *queue_new(size_t max_bytes, queue_wake_fn *wake, void *context) {
    struct queue *queue = calloc(1, sizeof *queue);
    if (!queue) {
        abort();
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->arrived, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&queue->lock, NULL);
    for (int i = 0; i < LINES; i++) {
        queue->lines[i].end = &queue->lines[i].first;
    }
    queue->max_bytes = max_bytes;
    queue->wake = wake;
    queue->context = context;
    return queue;
}

/* Takes the first message of a line; NULL if it has none. Under the lock. */
static struct message *take_from(struct queue *queue, struct line *line) {
    struct message *message = line->first;
    if (message) {
        line->first = message->next;
        if (!line->first) {
            line->end = &line->first;
        }
        message->next = NULL;
        queue->bytes -= message_cost(message);
        counters_set(COUNTER_queue_bytes, (int64_t)queue->bytes);
        counters_add(COUNTER_queue_messages, -1);
    }
    return message;
}

static struct message *take(struct queue *queue) {
    struct message *message = take_from(queue, &queue->lines[URGENT]);
    return message ? message : take_from(queue, &queue->lines[METRICS]);
}

void queue_free(struct queue *queue) {
    if (!queue) {
        return;
    }
    for (struct message *message = take(queue); message; message = take(queue)) {
        free(message);
    }
    pthread_cond_destroy(&queue->arrived);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

bool queue_is_full(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    const bool full = queue->bytes >= queue->max_bytes;
    queue->found_full |= full;
    pthread_mutex_unlock(&queue->lock);
    return full;
}

static enum line_of line_of(const struct message *message) {
    const struct wire_frame *frame = &message->frame;
    return frame->kind == WIRE_BATCH && frame->batch.lane == WIRE_LANE_METRICS ? METRICS : URGENT;
}

void queue_push(struct queue *queue, struct message **message) {
    struct message *moved = *message;
    *message = NULL;
    struct line *line = &queue->lines[line_of(moved)];
    pthread_mutex_lock(&queue->lock);
    *line->end = moved;
    line->end = &moved->next;
    queue->bytes += message_cost(moved);
    counters_set(COUNTER_queue_bytes, (int64_t)queue->bytes);
    counters_add(COUNTER_queue_messages, 1);
    pthread_cond_signal(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_signal(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
}

/* Under the lock, which it leaves. Half empty, not just below the bound: one wake-up for many
 * messages. */
static void unlock_and_wake(struct queue *queue) {
    const bool wake = queue->found_full && queue->bytes <= queue->max_bytes / 2;
    if (wake) {
        queue->found_full = false;
    }
    pthread_mutex_unlock(&queue->lock);
    if (wake) {
        queue->wake(queue->context);
    }
}

struct message *queue_pop(struct queue *queue, int64_t deadline_ns) {
    const struct timespec deadline = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                      .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    pthread_mutex_lock(&queue->lock);
    struct message *message = take(queue);
    while (!message && !queue->closed &&
           pthread_cond_timedwait(&queue->arrived, &queue->lock, &deadline) == 0) {
        message = take(queue);
    }
    unlock_and_wake(queue);
    return message;
}

struct message *queue_pop_urgent(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    struct message *message = take_from(queue, &queue->lines[URGENT]);
    unlock_and_wake(queue);
    return message;
}

bool queue_is_done(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    const bool done = queue->closed && !queue->lines[URGENT].first && !queue->lines[METRICS].first;
    pthread_mutex_unlock(&queue->lock);
    return done;
}
