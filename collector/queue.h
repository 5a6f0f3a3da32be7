/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_QUEUE_H
#define COLLECTOR_QUEUE_H

/* Frames between ingest (one pusher) and writer (one popper). Pushing and popping move ownership.
 * Two lines: hellos and events are popped before any metrics, so that a backlog of metrics never
 * delays an alert. Bounded in bytes: a push never fails, because its message already exists in
 * memory, but the pusher must ask queue_is_full() before it reads the next one from the bus.
 * The two lines together never hold more than the bound and one frame.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/message.h"

struct queue;

/* wake(context) is called, by the popper's thread, when a queue that was found full has room
 * again. */
typedef void queue_wake_fn(void *context);
struct queue *queue_new(size_t max_bytes, queue_wake_fn *wake, void *context);
void queue_free(struct queue *queue); /* and what is in it; NULL is fine */

bool queue_is_full(struct queue *queue);
/* takes *message and nulls it. */
void queue_push(struct queue *queue, struct message **message);
/* After this the popper gets what is left, then NULL at once: the end. */
void queue_close(struct queue *queue);

/* Waits until deadline_ns (monotonic) for a message and gives it; NULL at the deadline, or when
 * the queue is closed and empty. Free with free(). */
struct message *queue_pop(struct queue *queue, int64_t deadline_ns);
/* The same for hellos and events only, without waiting. */
struct message *queue_pop_urgent(struct queue *queue);
/* Closed, and nothing is left. */
bool queue_is_done(struct queue *queue);

#endif
