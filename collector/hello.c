/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/hello.h"

#include <stdlib.h>
#include <string.h>

#include "collector/param.h"
#include "collector_sql.h"

#define ATTEMPT_TRIES  100     /* starts of one rank that collide in one moment */
#define NO_SUCH_PARENT "23503" /* SQLSTATE of a foreign key */

struct work {
    const struct wire_hello *hello;
    struct hello_result result;
    int64_t project_id;
    uint64_t key_id;
};

/* Reads the one number that a statement gives, if it gives a row. */
static enum err query_number(enum err err, struct pg_rows *rows, bool *out_found, int64_t *out) {
    if (err == ERR_OK) {
        *out_found = pg_rows_n(rows) > 0;
        *out = *out_found ? pg_int(rows, 0, 0) : 0;
        pg_rows_free(rows);
    }
    return err;
}

static bool is_true(const struct pg_rows *rows, int column) {
    const char *text = pg_text(rows, 0, column);
    return text && text[0] == 't';
}

/* It tries again every few seconds; once the last row is gone, it is taken in as something new. */
static enum err refuse_deleting(const char *noun, struct why *why) {
    return why_set(why, ERR_VALUE,
                   "this %s is being deleted; what is logged waits here, and then makes it anew",
                   noun);
}

static enum err check_key(struct pg *pg, const struct work *work, struct str project,
                          struct why *why) {
    struct param_i64 key;
    const struct pg_param params[] = {param_i64((int64_t)work->key_id, &key), param_text(project)};
    struct pg_rows *rows = NULL;
    if (work->key_id == 0) {
        return ERR_OK;
    }
    enum err err = PARAM_RUN(pg, check_key, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    if (pg_rows_n(rows) == 0 || !is_true(rows, 0)) {
        err = why_set(why, ERR_KEY, "this key was revoked; ask for it with: tocsin keys list");
    } else if (!is_true(rows, 1)) {
        err = why_set(why, ERR_PROJECT,
                      "this key may not write into project \"%.*s\"; set TOCSIN_PROJECT to one of "
                      "its own (tocsin keys list)",
                      (int)project.len, project.ptr);
    }
    pg_rows_free(rows);
    return err;
}

/* A producer that came without a key, before there were any, may go on with one. */
static enum err check_owner(struct pg *pg, const struct work *work, const struct pg_rows *rows,
                            struct why *why) {
    const uint64_t owner = (uint64_t)pg_int(rows, 0, 5);
    if (work->key_id != 0 && owner != 0 && owner != work->key_id) {
        return why_set(why, ERR_KEY, "this producer belongs to another key");
    }
    return check_key(pg, work, str_of(pg_text(rows, 0, 6)), why);
}

static enum err find_attempt(struct pg *pg, struct work *work, bool *out_found, struct why *why) {
    const struct pg_param params[] = {param_uuid(&work->hello->producer)};
    struct pg_rows *rows = NULL;
    enum err err = PARAM_RUN(pg, find_attempt, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    *out_found = pg_rows_n(rows) > 0;
    if (*out_found) {
        struct hello_result *result = &work->result;
        result->run_id = (uint64_t)pg_int(rows, 0, 0);
        result->rank = (uint32_t)pg_int(rows, 0, 1);
        result->attempt = (uint32_t)pg_int(rows, 0, 2);
        result->last_seq[WIRE_LANE_EVENTS] = (uint64_t)pg_int(rows, 0, 3);
        result->last_seq[WIRE_LANE_METRICS] = (uint64_t)pg_int(rows, 0, 4);
        err = check_owner(pg, work, rows, why);
    }
    if (err == ERR_OK && *out_found && is_true(rows, 7)) {
        err = refuse_deleting("run", why);
    }
    pg_rows_free(rows);
    return err;
}

static enum err find_project(struct pg *pg, struct work *work, bool *out_found, struct why *why) {
    const struct pg_param params[] = {param_text(work->hello->project)};
    struct pg_rows *rows = NULL;
    enum err err = PARAM_RUN(pg, find_project, params, &rows, why);
    if (err == ERR_OK && pg_rows_n(rows) > 0 && is_true(rows, 1)) {
        pg_rows_free(rows);
        return refuse_deleting("project", why);
    }
    return query_number(err, rows, out_found, &work->project_id);
}

/* Looks before it inserts: an insert that meets a conflict still uses up a number. */
static enum err ensure_project(struct pg *pg, struct work *work, struct why *why) {
    const struct pg_param params[] = {param_text(work->hello->project)};
    bool found = false;
    enum err err = find_project(pg, work, &found, why);
    if (err == ERR_OK && !found) {
        err = PARAM_RUN(pg, insert_project, params, NULL, why);
        if (err == ERR_OK) {
            err = find_project(pg, work, &found, why);
        }
    }
    return err == ERR_OK && !found ? ERR_DB_RETRY : err; /* dropped meanwhile */
}

/* out_found: a run to resume is in the result. */
static enum err resume_run(struct pg *pg, struct work *work, bool *out_found, struct why *why) {
    *out_found = false;
    if (work->hello->resume == WIRE_RESUME_NEVER) {
        return ERR_OK;
    }
    struct param_i64 project;
    const struct pg_param params[] = {param_i64(work->project_id, &project),
                                      param_text(work->hello->name)};
    struct pg_rows *rows = NULL;
    int64_t run_id = 0;
    enum err err = PARAM_RUN(pg, find_run, params, &rows, why);
    err = query_number(err, rows, out_found, &run_id);
    if (err == ERR_OK && *out_found) {
        work->result.run_id = (uint64_t)run_id;
    } else if (err == ERR_OK && work->hello->resume == WIRE_RESUME_MUST) {
        err = why_set(why, ERR_NOT_FOUND,
                      "project \"%.*s\" has no run \"%.*s\" to resume; check the name, or use "
                      "resume=allow",
                      (int)work->hello->project.len, work->hello->project.ptr,
                      (int)work->hello->name.len, work->hello->name.ptr);
    }
    return err;
}

static enum err check_run(struct pg *pg, struct work *work, struct why *why) {
    struct param_i64 run;
    struct param_i64 project;
    const struct pg_param params[] = {param_i64((int64_t)work->result.run_id, &run),
                                      param_i64(work->project_id, &project)};
    struct pg_rows *rows = NULL;
    enum err err = PARAM_RUN(pg, check_run, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    if (pg_rows_n(rows) == 0) {
        err = ERR_DB_RETRY; /* dropped meanwhile */
    } else if (is_true(rows, 1)) {
        err = refuse_deleting("run", why);
    } else if (!is_true(rows, 0)) {
        err = why_set(why, ERR_VALUE,
                      "this run id is in use by a run of another project; give the run another id");
    }
    pg_rows_free(rows);
    return err;
}

static enum err insert_run(struct pg *pg, struct work *work, struct why *why) {
    const struct wire_hello *hello = work->hello;
    struct param_i64 run;
    struct param_i64 project;
    struct param_i64 created;
    const struct pg_param params[] = {param_i64((int64_t)hello->run_id, &run),
                                      param_i64(work->project_id, &project),
                                      param_text(hello->name),
                                      param_text_or_null(hello->group),
                                      param_text_or_null(hello->user),
                                      param_i64(hello->started_ns / 1000, &created),
                                      param_bool(hello->rank == 0)};
    work->result.run_id = hello->run_id;
    const enum err err = PARAM_RUN(pg, insert_run, params, NULL, why);
    if (err == ERR_DB_CONTENT && strcmp(pg_sqlstate(pg), NO_SUCH_PARENT) == 0) {
        return ERR_DB_RETRY; /* the project was deleted meanwhile */
    }
    return err == ERR_OK ? check_run(pg, work, why) : err;
}

static enum err ensure_run(struct pg *pg, struct work *work, struct why *why) {
    bool found = false;
    const enum err err = resume_run(pg, work, &found, why);
    return err == ERR_OK && !found ? insert_run(pg, work, why) : err;
}

/* out_found: an attempt number was free and is now this producer's. */
static enum err insert_attempt(struct pg *pg, struct work *work, bool *out_found, struct why *why) {
    const struct wire_hello *hello = work->hello;
    struct param_i64 room[6];
    const struct pg_param params[] = {param_i64((int64_t)work->result.run_id, &room[0]),
                                      param_i64(hello->rank, &room[1]),
                                      param_uuid(&hello->producer),
                                      param_i64(hello->world_size, &room[2]),
                                      param_text(hello->host),
                                      param_i64(hello->pid, &room[3]),
                                      param_text(hello->client),
                                      param_i64(hello->started_ns / 1000, &room[4]),
                                      param_i64((int64_t)work->key_id, &room[5])};
    struct pg_rows *rows = NULL;
    int64_t attempt = 0;
    enum err err = PARAM_RUN(pg, insert_attempt, params, &rows, why);
    err = query_number(err, rows, out_found, &attempt);
    if (err == ERR_OK && *out_found) {
        work->result.rank = hello->rank;
        work->result.attempt = (uint32_t)attempt;
    }
    return err;
}

static enum err ensure_attempt(struct pg *pg, struct work *work, struct why *why) {
    bool found = false;
    enum err err = insert_attempt(pg, work, &found, why);
    for (int i = 0; err == ERR_OK && !found && i < ATTEMPT_TRIES; i++) {
        err = insert_attempt(pg, work, &found, why);
    }
    /* The same producer through another collector in the same moment: begin anew and find it. */
    return err == ERR_OK && !found ? ERR_DB_RETRY : err;
}

static enum err insert_producer(struct pg *pg, struct work *work, struct why *why) {
    struct param_i64 run;
    const struct pg_param params[] = {param_i64((int64_t)work->result.run_id, &run),
                                      param_uuid(&work->hello->producer)};
    return PARAM_RUN(pg, insert_producer, params, NULL, why);
}

enum err hello_merge_config(struct pg *pg, uint64_t run_id, struct str config,
                            enum hello_config how, struct why *why) {
    struct param_i64 run;
    struct param_i64 way;
    const struct pg_param params[] = {param_i64((int64_t)run_id, &run), param_text(config),
                                      param_i64(how, &way)};
    enum err err = pg_run(pg, "savepoint config", why);
    if (err != ERR_OK) {
        return err;
    }
    err = PARAM_RUN(pg, merge_config, params, NULL, why);
    /* 22: not JSON. 54: JSON, but nested deeper than PostgreSQL follows. */
    const char *state = pg_sqlstate(pg);
    if (err != ERR_OK && (strncmp(state, "22", 2) == 0 || strncmp(state, "54", 2) == 0)) {
        err = pg_run(pg, "rollback to config", why);
        if (err == ERR_OK) {
            err = PARAM_RUN(pg, keep_config, params, NULL, why);
        }
    }
    return err == ERR_OK ? pg_run(pg, "release config", why) : err;
}

/* Rank 0 speaks for the run; another rank only fills an empty place, until rank 0 comes. */
static enum err merge_config(struct pg *pg, const struct work *work, struct why *why) {
    const struct wire_hello *hello = work->hello;
    return hello->config.len == 0
               ? ERR_OK
               : hello_merge_config(pg, work->result.run_id, hello->config,
                                    hello->rank == 0 ? HELLO_CONFIG_WINS : HELLO_CONFIG_FILLS, why);
}

static enum err introduce(struct pg *pg, struct work *work, struct why *why) {
    enum err err = check_key(pg, work, work->hello->project, why);
    if (err == ERR_OK) {
        err = ensure_project(pg, work, why);
    }
    if (err == ERR_OK) {
        err = ensure_run(pg, work, why);
    }
    if (err == ERR_OK) {
        err = ensure_attempt(pg, work, why);
    }
    if (err == ERR_OK) {
        err = insert_producer(pg, work, why);
    }
    if (err == ERR_OK) {
        err = merge_config(pg, work, why);
    }
    return err == ERR_OK ? pg_prepared(pg, "notify_runs", sql_notify_runs, 0, NULL, NULL, why)
                         : err;
}

static enum err greet(struct pg *pg, struct work *work, struct why *why) {
    bool found = false;
    const enum err err = find_attempt(pg, work, &found, why);
    return err == ERR_OK && !found ? introduce(pg, work, why) : err;
}

struct greeting {
    struct message *const *messages;
    size_t n;
    struct hello_result *results;
};

static enum err step(struct pg *pg, void *context, struct why *why) {
    const struct greeting *greeting = context;
    enum err err = pg_run(pg, "begin", why);
    for (size_t i = 0; i < greeting->n && err == ERR_OK; i++) {
        const struct message *message = greeting->messages[i];
        struct work work = {.hello = &message->frame.hello, .key_id = message->key_id};
        err = greet(pg, &work, why);
        greeting->results[i] = work.result;
    }
    return err == ERR_OK ? pg_run(pg, "commit", why) : err;
}

static int compare_text(struct str a, struct str b) {
    const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Two collectors take their locks in the same order: project, run, rank. Starts of one rank are
 * numbered in their order. */
static int compare(const void *left, const void *right) {
    const struct wire_hello *a = &(*(struct message *const *)left)->frame.hello;
    const struct wire_hello *b = &(*(struct message *const *)right)->frame.hello;
    const int orders[] = {
        compare_text(a->project, b->project),
        (a->run_id > b->run_id) - (a->run_id < b->run_id),
        (a->rank > b->rank) - (a->rank < b->rank),
        (a->started_ns > b->started_ns) - (a->started_ns < b->started_ns),
    };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (orders[i]) {
            return orders[i];
        }
    }
    return 0;
}

enum err hello_run(struct dbconn *conn, size_t n, struct message **messages,
                   struct hello_result *out, struct why *why) {
    struct greeting greeting = {messages, n, out};
    qsort(messages, n, sizeof(struct message *), compare);
    return dbconn_run(conn, step, &greeting, why);
}
