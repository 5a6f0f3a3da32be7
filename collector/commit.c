/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/commit.h"

#include <stdlib.h>
#include <string.h>

#include "collector/counters.h"
#include "collector/group.h"
#include "collector/store.h"

struct commit {
    struct store *store;
    struct roster *roster;
    struct answers *answers;
    struct group group;
    struct commit_news news; /* of this run of commits */
};

struct commit *commit_new(struct dbconn *conn, struct roster *roster, struct answers *answers,
                          int64_t group_wait_ms) {
    struct commit *commit = calloc(1, sizeof *commit);
    if (!commit) {
        abort();
    }
    commit->store = store_new(conn, group_wait_ms);
    commit->roster = roster;
    commit->answers = answers;
    group_init(&commit->group);
    return commit;
}

void commit_free(struct commit *commit) {
    if (commit) {
        group_fini(&commit->group);
        store_free(commit->store);
        free(commit);
    }
}

static uint64_t last_seq_of(const struct commit *commit, const struct wire_batch *batch) {
    const struct producer *producer = roster_find(commit->roster, &batch->producer);
    return producer ? producer->last_seq[batch->lane] : 0;
}

/* Settles a message without storing it. text: taken; NULL if the answer has none. */
static void answer(struct commit *commit, struct message *message, enum answer_kind kind,
                   char *text) {
    const struct wire_batch *batch = &message->frame.batch;
    struct answer answer = {.kind = kind, .producer = batch->producer, .lane = batch->lane};
    answer.last_seq[batch->lane] = last_seq_of(commit, batch);
    answer.refusal = WIRE_REFUSAL_CONTENT;
    message->settled = true;
    answer.text = text;
    answers_put(commit->answers, &answer);
}

/* Puts what is not settled into a new group, and answers what does not belong there. */
static void build_group(struct commit *commit, struct message **messages, size_t n) {
    static const struct {
        enum answer_kind kind;
        enum counter counter;
    } otherwise[] = {
        [GROUP_DUPLICATE] = {ANSWER_ACK, COUNTER_duplicates},
        [GROUP_GAP] = {ANSWER_NACK, COUNTER_gaps},
        [GROUP_UNKNOWN] = {ANSWER_UNKNOWN, COUNTER_unknown},
    };
    group_clear(&commit->group);
    for (size_t i = 0; i < n; i++) {
        if (messages[i]->settled) {
            continue;
        }
        const enum group_verdict verdict = group_add(&commit->group, commit->roster, messages[i]);
        if (verdict != GROUP_ADDED) {
            counters_add(otherwise[verdict].counter, 1);
            answer(commit, messages[i], otherwise[verdict].kind, NULL);
        }
    }
    group_seal(&commit->group);
}

static void acknowledge(struct commit *commit) {
    for (size_t i = 0; i < commit->group.n; i++) {
        const struct group_stream *stream = &commit->group.streams[i];
        struct answer answer = {
            .kind = ANSWER_ACK, .producer = stream->producer->id, .lane = stream->lane};
        answer.last_seq[stream->lane] = stream->last;
        answers_put(commit->answers, &answer);
    }
}

/* True if one of the group's producers has said finish, now or before. */
static bool note_endings(const struct group *group) {
    bool any = false;
    for (size_t i = 0; i < group->n; i++) {
        struct producer *producer = group->streams[i].producer;
        producer->ended |= group->streams[i].ends;
        any |= producer->ended;
    }
    return any;
}

static void merge_message(struct run_state *state, const struct message *message) {
    struct wire_cursor items = message->frame.batch.items;
    struct wire_item item;
    while (wire_next_item(&items, &item)) {
        if (item.kind == WIRE_ITEM_BLOCK) {
            run_state_merge(state, &item.block);
        }
    }
}

/* A producer without a state is a stranger, whose state is read back later; but one whose first
 * batch this is has an empty state. What was set aside adds nothing to it. */
static void merge_state(struct commit *commit, const struct group_stream *stream, bool aside) {
    struct producer *producer = stream->producer;
    producer->state_dirty = !producer->state_lost;
    if (!producer->state && stream->prior == 0) {
        roster_set_state(commit->roster, producer, run_state_new());
    }
    if (!producer->state || aside) {
        return;
    }
    const size_t bytes_before = run_state_bytes(producer->state);
    for (const struct message *message = stream->first; message; message = message->next) {
        merge_message(producer->state, message);
    }
    roster_account(commit->roster, producer, bytes_before);
}

static void count_committed(const struct group *group) {
    counters_add(COUNTER_commits, 1);
    counters_add(COUNTER_batches, (int64_t)group->batches);
    counters_add(COUNTER_calls, (int64_t)group->calls);
    counters_add(COUNTER_points, (int64_t)group->points);
    counters_add(COUNTER_alerts, (int64_t)group->alerts);
    counters_add(COUNTER_gap_records, (int64_t)group->gaps);
}

static void settle_committed(struct commit *commit, bool aside) {
    const struct group *group = &commit->group;
    commit->news.ended |= note_endings(group);
    commit->news.alerted |= group->alerts > 0;
    acknowledge(commit);
    if (!commit->news.ended) {
        answers_send(commit->answers); /* the rest needs nobody to wait for it */
    }
    for (size_t i = 0; i < group->n; i++) {
        const struct group_stream *stream = &group->streams[i];
        if (stream->lane == WIRE_LANE_METRICS) {
            merge_state(commit, stream, aside);
        }
        stream->producer->last_seq[stream->lane] = stream->last;
        stream->producer->seen = true;
        roster_touch(commit->roster, stream->producer);
        for (struct message *message = stream->first; message; message = message->next) {
            message->settled = true;
        }
    }
    if (aside) {
        counters_add(COUNTER_quarantined, 1);
    } else {
        count_committed(group);
    }
}

/* Somebody else moved this stream: what its producer's state in memory holds is not the whole. */
static void take_position(struct commit *commit, const struct group_stream *stream,
                          uint64_t last_seq) {
    struct producer *producer = stream->producer;
    if (producer->last_seq[stream->lane] != last_seq) {
        producer->last_seq[stream->lane] = last_seq;
        roster_set_state(commit->roster, producer, NULL);
        producer->state_dirty = true;
    }
}

/* Takes over the positions, and forgets producers that are gone from PostgreSQL: their batches turn
 * out unknown when the group is built again. */
static void take_positions(struct commit *commit, const uint64_t *last_seq) {
    struct group *group = &commit->group;
    struct wire_id *gone = calloc(group->n, sizeof *gone);
    size_t gone_n = 0;
    if (!gone) {
        abort();
    }
    for (size_t i = 0; i < group->n; i++) {
        if (last_seq[i] == STORE_GONE) {
            gone[gone_n++] = group->streams[i].producer->id;
        } else {
            take_position(commit, &group->streams[i], last_seq[i]);
        }
    }
    group_clear(group); /* before its producers are freed */
    for (size_t i = 0; i < gone_n; i++) {
        struct producer *producer = roster_find(commit->roster, &gone[i]);
        if (producer) {
            roster_remove(commit->roster, producer);
        }
    }
    free(gone);
}

static enum err learn_positions(struct commit *commit, struct why *why) {
    uint64_t *last_seq = calloc(commit->group.n, sizeof *last_seq);
    if (!last_seq) {
        abort();
    }
    counters_add(COUNTER_conflicts, 1);
    const enum err err = store_read(commit->store, &commit->group, last_seq, why);
    if (err == ERR_OK) {
        take_positions(commit, last_seq);
    }
    free(last_seq);
    return err;
}

static void refuse(struct commit *commit, struct message *message, const struct why *why) {
    counters_add(COUNTER_refused_content, 1);
    char *text = strdup(why->text);
    if (!text) {
        abort();
    }
    answer(commit, message, ANSWER_REFUSED, text);
}

/* Stores what is not settled of the messages, or, with a reason, sets it aside, from wherever
 * PostgreSQL stands. */
static enum err commit_all(struct commit *commit, struct message **messages, size_t n,
                           const struct why *aside, struct why *why) {
    for (;;) {
        build_group(commit, messages, n);
        if (commit->group.n == 0) {
            return ERR_OK;
        }
        enum err err = aside ? store_aside(commit->store, &commit->group, aside, why)
                             : store_group(commit->store, &commit->group, why);
        if (err == ERR_OK) {
            settle_committed(commit, aside != NULL);
        }
        if (err != ERR_DB_CONFLICT) {
            return err;
        }
        err = learn_positions(commit, why);
        if (err != ERR_OK) {
            return err;
        }
    }
}

/* PostgreSQL refused this one. If not even quarantine takes it, its producer is told. */
static enum err set_aside(struct commit *commit, struct message **message, struct why *why) {
    const struct why reason = *why;
    const enum err err = commit_all(commit, message, 1, &reason, why);
    if (err_class_of(err) != ERR_CLASS_REJECT) {
        return err;
    }
    refuse(commit, *message, &reason);
    return ERR_OK;
}

/* If PostgreSQL refuses something among the messages, it is found by halving. */
static enum err commit_some(struct commit *commit, struct message **messages, size_t n,
                            struct why *why) {
    enum err err = commit_all(commit, messages, n, NULL, why);
    if (err_class_of(err) != ERR_CLASS_REJECT) {
        return err;
    }
    if (n == 1) {
        return set_aside(commit, messages, why);
    }
    err = commit_some(commit, messages, n / 2, why);
    return err == ERR_OK ? commit_some(commit, messages + n / 2, n - n / 2, why) : err;
}

enum err commit_run(struct commit *commit, struct message **messages, size_t n,
                    struct commit_news *out_news, struct why *why) {
    commit->news = (struct commit_news){0};
    const enum err err = commit_some(commit, messages, n, why);
    group_clear(&commit->group);
    *out_news = commit->news;
    return err;
}
