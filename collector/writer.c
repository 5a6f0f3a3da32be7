/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commit.h"
#include "collector/counters.h"
#include "collector/hello.h"
#include "collector/log.h"
#include "collector/roster.h"
#include "collector/state_store.h"
#include "schema/wire/clock.h"

#define WORTH              16 /* this part of commit_bytes is worth a transaction: half a window */
#define GROUP_MESSAGES_MAX 16384
#define HELLOS_MAX         128 /* of one transaction: some 50 ms */
#define PRODUCERS_MAX      65536
#define STATE_BYTES_MAX    ((size_t)64 * 1024 * 1024)
#define IDLE_NS            (200 * CLOCK_NS_PER_MS) /* then run states are written early */
#define TICK_NS            (2 * CLOCK_NS_PER_S)    /* longest wait without looking at the time */
#define REPAIR_INTERVAL_NS (10 * CLOCK_NS_PER_S)

struct writer {
    struct writer_links links;
    pthread_t thread;
    enum err ended; /* read after the join */
    struct roster *roster;
    struct commit *commit;
    struct state_store *states;
    struct message *group[GROUP_MESSAGES_MAX];
    size_t group_n;
    size_t group_bytes;
    struct message *hellos[HELLOS_MAX]; /* met while the group was filled: their turn is next */
    size_t hellos_n;
    bool unflushed;     /* something was committed since the run states were written */
    int64_t began_ns;   /* when the latest commit began */
    int64_t changed_ns; /* when it ended */
    int64_t flush_ns;   /* when run states are due at the latest */
    int64_t repair_ns;  /* when to look for states left behind */
};

/* Answers. */

static void welcome(struct writer *writer, const struct wire_hello *hello,
                    const struct hello_result *result) {
    struct producer *producer = roster_add(writer->roster, &hello->producer);
    const bool moved = producer->last_seq[WIRE_LANE_METRICS] != result->last_seq[WIRE_LANE_METRICS];
    producer->run_id = result->run_id;
    producer->rank = result->rank;
    producer->attempt = result->attempt;
    memcpy(producer->last_seq, result->last_seq, sizeof producer->last_seq);
    if (moved) { /* what memory holds of its series is not the whole, or not known at all */
        roster_set_state(writer->roster, producer, NULL);
        producer->state_dirty = !producer->state_lost;
    }
    producer->seen = true;
    roster_touch(writer->roster, producer);
    struct answer answer = {.kind = ANSWER_WELCOME,
                            .producer = hello->producer,
                            .run_id = result->run_id,
                            .attempt = result->attempt};
    memcpy(answer.last_seq, result->last_seq, sizeof answer.last_seq);
    answers_put(writer->links.answers, &answer);
    counters_add(COUNTER_hellos, 1);
}

static void turn_away(struct writer *writer, const struct wire_hello *hello, enum err err,
                      const struct why *why) {
    static const struct {
        enum err err;
        enum wire_refusal refusal;
        enum counter counter;
    } rows[] = {
        {ERR_NOT_FOUND, WIRE_REFUSAL_NO_RUN_TO_RESUME, COUNTER_refused_resume},
        {ERR_KEY, WIRE_REFUSAL_KEY, COUNTER_refused_key},
        {ERR_PROJECT, WIRE_REFUSAL_PROJECT, COUNTER_refused_project},
        {ERR_OK, WIRE_REFUSAL_CONTENT, COUNTER_refused_content}, /* all others */
    };
    size_t row = 0;
    while (rows[row].err != err && rows[row].err != ERR_OK) {
        row++;
    }
    const struct answer answer = {.kind = ANSWER_TURNED_AWAY,
                                  .producer = hello->producer,
                                  .refusal = rows[row].refusal,
                                  .text = strdup(why->text)};
    if (!answer.text) {
        abort();
    }
    answers_put(writer->links.answers, &answer);
    counters_add(rows[row].counter, 1);
}

/* One hello that is refused would take the others with it: then each has its own transaction. */
static enum err greet(struct writer *writer, size_t n, struct message **messages, struct why *why) {
    struct hello_result results[HELLOS_MAX];
    enum err err = hello_run(writer->links.conn, n, messages, results, why);
    if (err == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            welcome(writer, &messages[i]->frame.hello, &results[i]);
        }
    } else if (err_class_of(err) == ERR_CLASS_REJECT && n == 1) {
        turn_away(writer, &messages[0]->frame.hello, err, why);
        err = ERR_OK;
    } else if (err_class_of(err) == ERR_CLASS_REJECT) {
        err = ERR_OK;
        for (size_t i = 0; i < n && err == ERR_OK; i++) {
            err = greet(writer, 1, &messages[i], why);
        }
    }
    return err;
}

static void drop_hellos(struct writer *writer) {
    for (size_t i = 0; i < writer->hellos_n; i++) {
        free(writer->hellos[i]);
    }
    writer->hellos_n = 0;
}

static enum err do_hellos(struct writer *writer, struct why *why) {
    if (writer->hellos_n == 0) {
        return ERR_OK;
    }
    const enum err err = greet(writer, writer->hellos_n, writer->hellos, why);
    answers_send(writer->links.answers);
    drop_hellos(writer);
    writer->unflushed = true;
    writer->changed_ns = clock_mono_ns();
    return err;
}

/* Groups. */

static bool is_full(const struct writer *writer) {
    return writer->group_n == GROUP_MESSAGES_MAX || writer->hellos_n == HELLOS_MAX ||
           writer->group_bytes >= (size_t)writer->links.settings->commit_bytes;
}

/* Puts a message where it belongs; true if it does not wait for more metrics. */
static bool take(struct writer *writer, struct message *message) {
    if (message->frame.kind == WIRE_HELLO) {
        writer->hellos[writer->hellos_n++] = message;
        return true;
    }
    writer->group[writer->group_n++] = message;
    writer->group_bytes += message_cost(message);
    return message->frame.batch.lane == WIRE_LANE_EVENTS;
}

/* Until when the group may wait for more. Commits of metrics begin commit_interval apart, so a
 * batch that comes after a quiet time waits for nothing. A group that is worth its transaction does
 * not wait either: its producers may have sent all that their windows allow. */
static int64_t deadline_of(const struct writer *writer) {
    const struct settings *settings = writer->links.settings;
    return writer->group_bytes >= (size_t)settings->commit_bytes / WORTH
               ? 0
               : writer->began_ns + settings->commit_interval_ms * CLOCK_NS_PER_MS;
}

/* Fills the group from its first message on. Once something urgent is in, only more of that is
 * taken: an alert does not wait until four more megabytes of metrics are committed with it. */
static void fill(struct writer *writer, struct message *first) {
    struct queue *queue = writer->links.queue;
    bool urgent = false;
    struct message *message = first;
    while (message) {
        urgent |= take(writer, message);
        if (is_full(writer)) {
            return;
        }
        message = urgent ? queue_pop_urgent(queue) : queue_pop(queue, deadline_of(writer));
    }
}

static void drop_group(struct writer *writer) {
    for (size_t i = 0; i < writer->group_n; i++) {
        free(writer->group[i]);
    }
    writer->group_n = 0;
    writer->group_bytes = 0;
}

/* Who waits for the end of a run reads its run state next: it is written before the end is
 * acknowledged. */
static enum err do_group(struct writer *writer, struct why *why) {
    if (writer->group_n == 0) {
        return ERR_OK;
    }
    writer->began_ns = clock_mono_ns();
    struct commit_news news;
    enum err err = commit_run(writer->commit, writer->group, writer->group_n, &news, why);
    if (news.alerted) {
        writer->links.alerted(writer->links.context);
    }
    enum state_left left = news.ended ? STATE_LEFT_NOW : STATE_LEFT_NONE;
    while (err == ERR_OK && left == STATE_LEFT_NOW) {
        err = state_store_flush(writer->states, STATE_ENDED, &left, why);
    }
    answers_send(writer->links.answers);
    drop_group(writer);
    writer->unflushed = true;
    writer->changed_ns = clock_mono_ns();
    return err;
}

/* Run states. */

static bool flush_is_due(const struct writer *writer, int64_t now_ns) {
    return writer->unflushed &&
           (now_ns >= writer->flush_ns || now_ns >= writer->changed_ns + IDLE_NS ||
            roster_state_bytes(writer->roster) > STATE_BYTES_MAX);
}

static enum err flush_states(struct writer *writer, enum state_scope scope, struct why *why) {
    enum state_left left = STATE_LEFT_NONE;
    bool more_refresh = false;
    enum err err = state_store_flush(writer->states, scope, &left, why);
    if (err == ERR_OK) {
        err = state_store_refresh(writer->states, &more_refresh, why);
    }
    writer->unflushed = left != STATE_LEFT_NONE || more_refresh;
    if (left != STATE_LEFT_NOW && !more_refresh) {
        const int64_t interval_ns = writer->links.settings->state_interval_ms * CLOCK_NS_PER_MS;
        writer->flush_ns = clock_mono_ns() + interval_ns;
    }
    roster_trim(writer->roster);
    counters_set(COUNTER_state_bytes, (int64_t)roster_state_bytes(writer->roster));
    return err;
}

static enum err repair_states(struct writer *writer, struct why *why) {
    bool more = false;
    const enum err err = state_store_repair(writer->states, &more, why);
    writer->repair_ns = more ? 0 : clock_mono_ns() + REPAIR_INTERVAL_NS;
    return err;
}

/* What time brings. */
static enum err tick(struct writer *writer, int64_t now_ns, struct why *why) {
    if (flush_is_due(writer, now_ns)) {
        return flush_states(writer, STATE_ROUND, why);
    }
    if (now_ns >= writer->repair_ns) {
        return repair_states(writer, why);
    }
    return dbconn_probe(writer->links.conn, why);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t next_deadline_ns(const struct writer *writer) {
    const int64_t idle_ns = writer->changed_ns + IDLE_NS;
    const int64_t flush_ns = writer->unflushed ? least(idle_ns, writer->flush_ns) : INT64_MAX;
    return least(least(flush_ns, writer->repair_ns), clock_mono_ns() + TICK_NS);
}

/* The thread. */

static enum err turn(struct writer *writer, struct why *why) {
    struct message *first = queue_pop(writer->links.queue, next_deadline_ns(writer));
    fill(writer, first);
    enum err err = do_group(writer, why);
    if (err == ERR_OK) {
        err = do_hellos(writer, why);
    }
    return err == ERR_OK ? tick(writer, clock_mono_ns(), why) : err;
}

static enum err finish(struct writer *writer, struct why *why) {
    enum err err = ERR_OK;
    while (writer->unflushed && err == ERR_OK) {
        err = flush_states(writer, STATE_ALL, why);
    }
    return err;
}

static void *run(void *context) {
    struct writer *writer = context;
    struct why why = {""};
    enum err err = ERR_OK;
    pthread_setname_np(pthread_self(), "writer");
    while (err == ERR_OK && !queue_is_done(writer->links.queue)) {
        err = turn(writer, &why);
    }
    if (err == ERR_OK) {
        err = finish(writer, &why);
    }
    if (err != ERR_OK && err != ERR_DB_UNREACHABLE) { /* that is only ever a stop, which says so */
        log_line(LOG_ERROR, "writer_failed", why.text[0] ? why.text : err_text(err), "%s", "");
    }
    writer->ended = err;
    writer->links.done(writer->links.context);
    return NULL;
}

enum err writer_start(const struct writer_links *links, struct writer **out) {
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        abort();
    }
    writer->links = *links;
    writer->roster = roster_new(PRODUCERS_MAX, STATE_BYTES_MAX);
    writer->commit =
        commit_new(links->conn, writer->roster, links->answers, links->settings->group_wait_ms);
    writer->states = state_store_new(links->conn, writer->roster);
    if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
        writer_free(writer);
        return ERR_MEMORY;
    }
    *out = writer;
    return ERR_OK;
}

bool writer_join(struct writer *writer, int64_t deadline_ns, enum err *out_err) {
    const struct timespec deadline = {.tv_sec = deadline_ns / CLOCK_NS_PER_S,
                                      .tv_nsec = deadline_ns % CLOCK_NS_PER_S};
    if (pthread_clockjoin_np(writer->thread, NULL, CLOCK_MONOTONIC, &deadline) != 0) {
        return false;
    }
    *out_err = writer->ended;
    return true;
}

void writer_free(struct writer *writer) {
    if (writer) {
        drop_group(writer);
        drop_hellos(writer);
        state_store_free(writer->states);
        commit_free(writer->commit);
        roster_free(writer->roster);
        free(writer);
    }
}
