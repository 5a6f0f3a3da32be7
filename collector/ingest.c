/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/ingest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector/counters.h"
#include "collector/log.h"
#include "collector/marks.h"
#include "collector/quota.h"
#include "schema/wire/clock.h"
#include "schema/wire/wire.h"

#define BURST            256 /* messages read before answers are looked at again */
#define ANSWER_BYTES_MAX 4096

static const char foreign_text[] = "this producer belongs to another key";

enum stage { RUNNING, DRAINING, ENDING }; /* only forward */

struct ingest {
    struct router *router;
    struct allowlist *list; /* NULL: there are no keys */
    struct queue *queue;
    struct answers *answers;
    struct marks *marks;
    struct quota *quota;
    struct buf frame; /* of the answer being sent */
    int wake;         /* eventfd */
    _Atomic int stage;
    pthread_t thread;
};

/* Sending. Never waits for a peer: one that is gone or does not read asks again. */

static void send_frame(struct ingest *ingest, const struct peer *peer) {
    if (!router_send(ingest->router, peer, ingest->frame.ptr, ingest->frame.len)) {
        counters_add(COUNTER_answers_dropped, 1);
    }
}

static void send_nack(struct ingest *ingest, const struct peer *peer,
                      const struct wire_nack *nack) {
    buf_clear(&ingest->frame);
    if (wire_encode_nack(nack, &ingest->frame) == ERR_OK) {
        send_frame(ingest, peer);
    }
}

static void send_ack(struct ingest *ingest, const struct peer *peer, const struct wire_ack *ack) {
    buf_clear(&ingest->frame);
    if (wire_encode_ack(ack, &ingest->frame) == ERR_OK) {
        send_frame(ingest, peer);
    }
}

static void send_welcome(struct ingest *ingest, const struct peer *peer,
                         const struct answer *answer) {
    struct wire_welcome welcome = {
        .producer = answer->producer, .run_id = answer->run_id, .attempt = answer->attempt};
    memcpy(welcome.last_seq, answer->last_seq, sizeof welcome.last_seq);
    buf_clear(&ingest->frame);
    if (wire_encode_welcome(&welcome, &ingest->frame) == ERR_OK) {
        send_frame(ingest, peer);
    }
}

/* producer NULL: not known. text that cannot travel (a cut code point) is left out. */
static void send_reject(struct ingest *ingest, const struct peer *peer,
                        const struct wire_id *producer, enum wire_refusal reason,
                        const char *text) {
    struct wire_reject reject = {.has_producer = producer != NULL, .reason = reason};
    if (producer) {
        reject.producer = *producer;
    }
    reject.text = str_of(text);
    if (!str_is_text(reject.text)) {
        reject.text = str_of("refused");
    }
    buf_clear(&ingest->frame);
    if (wire_encode_reject(&reject, &ingest->frame) == ERR_OK) {
        send_frame(ingest, peer);
    }
}

/* Refusing what came from the bus. */

static const struct refusal {
    enum err err;
    enum counter counter;
    enum wire_refusal reason;
} refusals[] = {
    {ERR_MAGIC, COUNTER_refused_magic, WIRE_REFUSAL_MALFORMED},
    {ERR_VERSION, COUNTER_refused_version, WIRE_REFUSAL_VERSION},
    {ERR_TRUNCATED, COUNTER_refused_truncated, WIRE_REFUSAL_MALFORMED},
    {ERR_TRAILING, COUNTER_refused_trailing, WIRE_REFUSAL_MALFORMED},
    {ERR_TYPE, COUNTER_refused_type, WIRE_REFUSAL_MALFORMED},
    {ERR_TOO_LONG, COUNTER_refused_too_long, WIRE_REFUSAL_FRAME_TOO_LARGE},
    {ERR_UTF8, COUNTER_refused_utf8, WIRE_REFUSAL_MALFORMED},
    {ERR_MULTIPART, COUNTER_refused_multipart, WIRE_REFUSAL_MULTIPART},
    {ERR_VALUE, COUNTER_refused_value, WIRE_REFUSAL_MALFORMED}, /* last: also for any other */
};

static void refuse(struct ingest *ingest, const struct peer *peer, enum err err) {
    const struct refusal *row = refusals;
    while (row->err != err && row->err != ERR_VALUE) {
        row++;
    }
    counters_add(row->counter, 1);
    log_line(LOG_WARN, "frame_refused", err_text(err), "%s", "");
    send_reject(ingest, peer, NULL, row->reason, err_text(err));
}

/* Frames that only a collector sends. */
static void refuse_kind(struct ingest *ingest, const struct peer *peer) {
    counters_add(COUNTER_refused_kind, 1);
    log_line(LOG_WARN, "frame_refused", "a frame that only collectors send", "%s", "");
    send_reject(ingest, peer, NULL, WIRE_REFUSAL_MALFORMED, "a frame that only collectors send");
}

/* Keys. */

static void refuse_key(struct ingest *ingest, const struct peer *peer,
                       const struct wire_id *producer, const char *text) {
    counters_add(COUNTER_refused_key, 1);
    log_line(LOG_WARN, "key_refused", text, "%s", "");
    send_reject(ingest, peer, producer, WIRE_REFUSAL_KEY, text);
}

/* Who sent it: where to answer, and with what right it speaks. */
struct sender {
    struct peer peer;
    struct marks_owner owner;
    struct allowlist_limits limits;
};

/* A handshake is judged once, but a key may be revoked while its connection lives. */
static bool find_sender(struct ingest *ingest, const struct router_message *received,
                        struct sender *out) {
    struct allowlist_key key;
    *out = (struct sender){.peer = received->peer, .owner = {.key_id = received->key_id}};
    if (received->key_id == 0) {
        return true;
    }
    if (!allowlist_find(ingest->list, received->key_id, &key) || key.revoked) {
        refuse_key(ingest, &received->peer, NULL, "this key was revoked");
        return false;
    }
    out->owner.binding = key.binding;
    out->limits = key.limits;
    return true;
}

/* True if the key has written too much lately: the batch is expected again, and was refused. */
static bool refuse_quota(struct ingest *ingest, const struct sender *sender,
                         const struct wire_batch *batch) {
    static const struct {
        enum counter counter;
        enum wire_refusal reason;
        const char *text;
    } rows[QUOTA_KINDS] = {
        [QUOTA_POINTS] = {COUNTER_refused_quota_points, WIRE_REFUSAL_QUOTA_METRICS,
                          "over the key's quota of values a second; they wait here and are sent "
                          "later"},
        [QUOTA_SERIES] = {COUNTER_refused_quota_series, WIRE_REFUSAL_QUOTA_METRICS,
                          "over the key's quota of new metric names a minute; they wait here and "
                          "are sent later"},
        [QUOTA_ALERTS] = {COUNTER_refused_quota_alerts, WIRE_REFUSAL_QUOTA_EVENTS,
                          "over the key's quota of alerts a minute; they wait here and are sent "
                          "later"},
    };
    if (sender->owner.key_id == 0) {
        return false;
    }
    const enum quota_kind over =
        quota_take(ingest->quota, sender->owner.key_id, &sender->limits, batch, clock_mono_ns());
    if (over == QUOTA_NONE) {
        return false;
    }
    counters_add(rows[over].counter, 1);
    marks_take_back(ingest->marks, &batch->producer, batch->lane, batch->seq);
    send_reject(ingest, &sender->peer, &batch->producer, rows[over].reason, rows[over].text);
    return true;
}

/* Good frames. Each takes the message. */

static void take_hello(struct ingest *ingest, const struct sender *sender,
                       struct message *message) {
    const struct wire_id producer = message->frame.hello.producer;
    if (marks_claim(ingest->marks, &producer, &sender->owner) == MARKS_CLAIM_FOREIGN) {
        refuse_key(ingest, &sender->peer, &producer, foreign_text);
        free(message);
        return;
    }
    if (marks_hello(ingest->marks, &producer, &sender->peer)) {
        queue_push(ingest->queue, &message);
    }
    free(message);
    marks_own(ingest->marks, &producer, &sender->owner);
    counters_set(COUNTER_producers, (int64_t)marks_n(ingest->marks));
}

/* True if the connection may not speak as this producer, or not before a hello; then it was told.
 */
static bool refuse_claim(struct ingest *ingest, const struct sender *sender,
                         const struct wire_batch *batch) {
    const struct peer *peer = &sender->peer;
    const enum marks_claim claim = marks_claim(ingest->marks, &batch->producer, &sender->owner);
    if (claim == MARKS_CLAIM_FOREIGN) {
        refuse_key(ingest, peer, &batch->producer, foreign_text);
    } else if (claim == MARKS_CLAIM_STALE) {
        counters_add(COUNTER_unknown, 1);
        send_nack(ingest, peer,
                  &(struct wire_nack){batch->producer, batch->lane, 0, WIRE_NACK_UNKNOWN_PRODUCER});
    }
    return claim != MARKS_CLAIM_GOOD;
}

static void take_batch(struct ingest *ingest, const struct sender *sender,
                       struct message *message) {
    static const struct {
        enum counter counter;
        enum wire_kind reply; /* 0: none */
        enum wire_nack_reason reason;
    } rows[] = {
        [MARKS_DUPLICATE_COMMITTED] = {COUNTER_duplicates, WIRE_ACK, 0},
        [MARKS_DUPLICATE_IN_FLIGHT] = {COUNTER_duplicates_in_flight, 0, 0},
        [MARKS_GAP] = {COUNTER_gaps, WIRE_NACK, WIRE_NACK_GAP},
        [MARKS_UNKNOWN] = {COUNTER_unknown, WIRE_NACK, WIRE_NACK_UNKNOWN_PRODUCER},
    };
    const struct wire_batch *batch = &message->frame.batch;
    uint64_t committed = 0;
    const struct peer *peer = &sender->peer;
    if (refuse_claim(ingest, sender, batch)) {
        free(message);
        return;
    }
    const enum marks_verdict verdict =
        marks_check(ingest->marks, &batch->producer, batch->lane, batch->seq, &committed);
    if (verdict == MARKS_NEW) {
        if (!refuse_quota(ingest, sender, batch)) {
            queue_push(ingest->queue, &message);
        }
        free(message);
        return;
    }
    counters_add(rows[verdict].counter, 1);
    if (rows[verdict].reply == WIRE_ACK) {
        send_ack(ingest, peer, &(struct wire_ack){batch->producer, batch->lane, committed});
    } else if (rows[verdict].reply == WIRE_NACK) {
        send_nack(
            ingest, peer,
            &(struct wire_nack){batch->producer, batch->lane, committed, rows[verdict].reason});
    }
    free(message);
}

static void take_frame(struct ingest *ingest, const struct router_message *received,
                       const struct sender *sender) {
    const struct peer *peer = &sender->peer;
    struct message *message = message_new(received->len, received->bytes);
    message->key_id = received->key_id;
    const enum err err = wire_decode(message->bytes, message->len, &message->frame);
    if (err != ERR_OK) {
        refuse(ingest, peer, err);
        free(message);
    } else if (message->frame.kind == WIRE_HELLO) {
        take_hello(ingest, sender, message);
    } else if (message->frame.kind == WIRE_BATCH) {
        take_batch(ingest, sender, message);
    } else {
        refuse_kind(ingest, peer);
        free(message);
    }
}

/* False if there is nothing to read now. */
static bool receive(struct ingest *ingest) {
    struct router_message received;
    struct sender sender;
    if (!router_receive(ingest->router, &received)) {
        return false;
    }
    counters_add(COUNTER_frames, 1);
    counters_add(COUNTER_frame_bytes, (int64_t)received.len);
    if (received.peer.len == 0) {
        counters_add(COUNTER_refused_peer, 1);
        log_line(LOG_WARN, "frame_refused", "the peer chose too long a routing id", "%s", "");
    } else if (received.multipart) {
        refuse(ingest, &received.peer, ERR_MULTIPART);
    } else if (find_sender(ingest, &received, &sender)) {
        take_frame(ingest, &received, &sender);
    }
    return true;
}

/* Answers of the writer. The peer is found first: forgetting a producer forgets it too. */

static void answer_welcome(struct ingest *ingest, const struct peer *peer,
                           const struct answer *answer) {
    marks_welcome(ingest->marks, &answer->producer, answer->last_seq);
    send_welcome(ingest, peer, answer);
}

static void answer_ack(struct ingest *ingest, const struct peer *peer,
                       const struct answer *answer) {
    const uint64_t last_seq = answer->last_seq[answer->lane];
    marks_commit(ingest->marks, &answer->producer, answer->lane, last_seq);
    send_ack(ingest, peer, &(struct wire_ack){answer->producer, answer->lane, last_seq});
}

static void answer_nack(struct ingest *ingest, const struct peer *peer,
                        const struct answer *answer) {
    const uint64_t last_seq = answer->last_seq[answer->lane];
    marks_roll_back(ingest->marks, &answer->producer, answer->lane, last_seq);
    send_nack(ingest, peer,
              &(struct wire_nack){answer->producer, answer->lane, last_seq, WIRE_NACK_GAP});
}

static void answer_unknown(struct ingest *ingest, const struct peer *peer,
                           const struct answer *answer) {
    send_nack(ingest, peer,
              &(struct wire_nack){answer->producer, answer->lane, 0, WIRE_NACK_UNKNOWN_PRODUCER});
    marks_forget(ingest->marks, &answer->producer);
}

static void answer_refused(struct ingest *ingest, const struct peer *peer,
                           const struct answer *answer) {
    log_line(LOG_WARN, "batch_refused", answer->text, "lane=%d", (int)answer->lane);
    marks_roll_back(ingest->marks, &answer->producer, answer->lane, answer->last_seq[answer->lane]);
    send_reject(ingest, peer, &answer->producer, answer->refusal, answer->text);
}

static void answer_turned_away(struct ingest *ingest, const struct peer *peer,
                               const struct answer *answer) {
    log_line(LOG_WARN, "hello_refused", answer->text, "%s", "");
    send_reject(ingest, peer, &answer->producer, answer->refusal, answer->text);
    marks_forget(ingest->marks, &answer->producer);
}

static void send_answers(struct ingest *ingest) {
    typedef void send_fn(struct ingest * ingest, const struct peer *peer,
                         const struct answer *answer);
    static send_fn *const senders[] = {
        [ANSWER_WELCOME] = answer_welcome, [ANSWER_ACK] = answer_ack,
        [ANSWER_NACK] = answer_nack,       [ANSWER_UNKNOWN] = answer_unknown,
        [ANSWER_REFUSED] = answer_refused, [ANSWER_TURNED_AWAY] = answer_turned_away,
    };
    size_t n = 0;
    struct answer *answers = answers_take(ingest->answers, &n);
    for (size_t i = 0; i < n; i++) {
        const struct peer *peer = marks_peer_of(ingest->marks, &answers[i].producer);
        if (peer) { /* else forgotten: it will say hello */
            const struct peer to = *peer;
            senders[answers[i].kind](ingest, &to, &answers[i]);
        }
        free(answers[i].text);
        answers[i].text = NULL;
    }
}

/* The thread. */

static void wait_for_work(struct ingest *ingest, bool reading) {
    uint64_t ignored;
    router_wait(ingest->router, ingest->wake, reading);
    if (read(ingest->wake, &ignored, sizeof ignored) < 0) {
        return; /* it was a message that woke us */
    }
}

static void read_burst(struct ingest *ingest) {
    for (int i = 0; i < BURST && !queue_is_full(ingest->queue); i++) {
        if (!receive(ingest)) {
            return;
        }
    }
}

static void *run(void *context) {
    struct ingest *ingest = context;
    int stage = RUNNING;
    bool intake = true;
    pthread_setname_np(pthread_self(), "ingest");
    while (stage != ENDING) {
        wait_for_work(ingest, intake && !queue_is_full(ingest->queue));
        stage = atomic_load(&ingest->stage);
        if (intake && stage != RUNNING) {
            intake = false;
            queue_close(ingest->queue);
        }
        if (intake) {
            read_burst(ingest);
        }
        send_answers(ingest);
    }
    return NULL;
}

void ingest_wake(void *context) {
    const struct ingest *ingest = context;
    const uint64_t one = 1;
    if (write(ingest->wake, &one, sizeof one) < 0) {
        return; /* full: a wake-up is pending */
    }
}

struct ingest *ingest_new(struct router *router, struct allowlist *list) {
    struct ingest *ingest = calloc(1, sizeof *ingest);
    if (!ingest) {
        abort();
    }
    ingest->router = router;
    ingest->list = list;
    ingest->marks = marks_new(MARKS_PRODUCERS_MAX);
    ingest->quota = quota_new();
    buf_init(&ingest->frame, ANSWER_BYTES_MAX);
    ingest->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (ingest->wake < 0) {
        abort();
    }
    return ingest;
}

void ingest_free(struct ingest *ingest) {
    if (ingest) {
        marks_free(ingest->marks);
        quota_free(ingest->quota);
        buf_fini(&ingest->frame);
        close(ingest->wake);
        free(ingest);
    }
}

enum err ingest_start(struct ingest *ingest, struct queue *queue, struct answers *answers) {
    ingest->queue = queue;
    ingest->answers = answers;
    return pthread_create(&ingest->thread, NULL, run, ingest) == 0 ? ERR_OK : ERR_MEMORY;
}

void ingest_stop_intake(struct ingest *ingest) {
    atomic_store(&ingest->stage, DRAINING);
    ingest_wake(ingest);
}

void ingest_join(struct ingest *ingest) {
    atomic_store(&ingest->stage, ENDING);
    ingest_wake(ingest);
    pthread_join(ingest->thread, NULL);
}
