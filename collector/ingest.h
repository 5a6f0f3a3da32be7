/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_INGEST_H
#define COLLECTOR_INGEST_H

/* The ingest thread: the ROUTER, the producer marks, and nothing else. Takes messages from the bus,
 * decodes them, refuses what is not a good frame, judges batches by the marks and hands hellos and
 * new batches to the writer; sends the writer's answers back. While the queue is full it reads no
 * message, only answers: libzmq's bounded pipes and the emitters' windows do the rest.
 */

#include "collector/allowlist.h"
#include "collector/answers.h"
#include "collector/queue.h"
#include "collector/router.h"
#include "schema/wire/err.h"

struct ingest;

/* Borrows both. list NULL: there are no keys. */
struct ingest *ingest_new(struct router *router, struct allowlist *list);
void ingest_free(struct ingest *ingest); /* not started, or joined; NULL is fine */

/* Any thread: wakes the thread. The wake function of the queue and of the answers. */
void ingest_wake(void *ingest);

/* Borrows queue and answers until ingest_join(). Errors: ERR_MEMORY (no thread to be had). */
enum err ingest_start(struct ingest *ingest, struct queue *queue,
                      struct answers *answers) ERR_MUST_CHECK;
/* Main: take no more messages; the thread closes the queue and goes on sending answers. */
void ingest_stop_intake(struct ingest *ingest);
/* Main, after the writer has ended: hand the last answers to the router, end the thread. */
void ingest_join(struct ingest *ingest);

#endif
