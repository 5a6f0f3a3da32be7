/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ANSWERS_H
#define COLLECTOR_ANSWERS_H

/* What the writer tells ingest, which owns the socket and the marks: one answer for every hello
 * and every batch that ingest handed over (an ack may answer several batches of a lane at once).
 * There are never more answers than messages, so the queue's bound is theirs too. */

#include <stddef.h>
#include <stdint.h>

#include "schema/wire/wire.h"

enum answer_kind {
    ANSWER_WELCOME,     /* hello done */
    ANSWER_ACK,         /* committed up to last_seq[lane] */
    ANSWER_NACK,        /* gap: PostgreSQL stands at last_seq[lane] */
    ANSWER_UNKNOWN,     /* PostgreSQL does not know this producer (any more): it must say hello */
    ANSWER_REFUSED,     /* a batch refused for its content; its lane stands at last_seq[lane] */
    ANSWER_TURNED_AWAY, /* a hello refused */
};

struct answer {
    enum answer_kind kind;
    struct wire_id producer;
    enum wire_lane lane;
    uint64_t run_id;               /* WELCOME */
    uint32_t attempt;              /* WELCOME */
    uint64_t last_seq[WIRE_LANES]; /* WELCOME: both; else that of lane */
    enum wire_refusal refusal;     /* REFUSED, TURNED_AWAY */
    char *text;                    /* the same: a sentence, owned by the answer; NULL otherwise */
};

struct answers;

/* wake(context) is called by the writer's thread after a push. */
typedef void answers_wake_fn(void *context);
struct answers *answers_new(answers_wake_fn *wake, void *context);
void answers_free(struct answers *answers); /* and what is in it; NULL is fine */

/* Writer. takes answer->text. Nothing reaches ingest before answers_send(). */
void answers_put(struct answers *answers, const struct answer *answer);
void answers_send(struct answers *answers);

/* Ingest: gives up to all answers sent so far, valid until the next call; free every text. */
struct answer *answers_take(struct answers *answers, size_t *out_n);

#endif
