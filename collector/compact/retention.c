/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/retention.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "collector/counters.h"
#include "collector/param.h"
#include "collector_sql.h"
#include "schema/wire/clock.h"

#define ROUND_S        3600
#define LOOKED_AT      1024 /* series or runs of one transaction */
#define ROWS_FIRST     16   /* then twice as many, as long as there is time */
#define ROWS_MAX       4096
#define TRANSACTION_NS (50 * CLOCK_NS_PER_MS) /* that one should take */
#define NUMBERS_MAX    4
#define PLACE_BYTES    (NUMBERS_MAX * 24)
#define REMOVALS_MAX   2
/* Everything is looked up by its key, whatever statistics there are: one plan is enough. */
#define BEGIN                                                                                      \
    "begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; "      \
    "set local enable_bitmapscan = off"

/* What goes of one thing that was looked at. */
struct removal {
    const char *name;
    const char *sql;
    enum counter counter;
};

/* Columns of `find`: the numbers of a place, and the time of each removal. */
static const struct round {
    const char *name;
    const char *find_name;
    const char *find;
    int numbers;
    int removals_n;
    struct removal removals[REMOVALS_MAX];
} rounds[] = {
    {"values",
     "find_old_series",
     sql_find_old_series,
     4,
     2,
     {{"remove_old_blocks", sql_remove_old_blocks, COUNTER_removed_blocks},
      {"remove_old_rollups", sql_remove_old_rollups, COUNTER_removed_rollups}}},
    {"alerts",
     "find_old_alerts",
     sql_find_old_alerts,
     1,
     1,
     {{"remove_old_alerts", sql_remove_old_alerts, COUNTER_removed_alerts}}},
};

/* One transaction. */
struct turn {
    struct pg *pg;
    const struct round *round; /* NULL: none is due */
    int64_t began_ns;          /* to remove */
    struct param_i64 room[NUMBERS_MAX + 1];
    struct pg_param place[NUMBERS_MAX]; /* where it goes on, in room */
    char reached[PLACE_BYTES];          /* an array's text; "": the round is over */
    int64_t removed[REMOVALS_MAX];
};

static const struct round *round_of(const char *name) {
    size_t i = 0;
    while (strcmp(rounds[i].name, name) != 0) {
        i++; /* a check of the table knows the same names */
    }
    return &rounds[i];
}

static enum err claim(struct turn *turn, struct why *why) {
    struct pg_rows *rows = NULL;
    const enum err err = pg_prepared(turn->pg, "claim_retention_round", sql_claim_retention_round,
                                     0, NULL, &rows, why);
    if (err == ERR_OK && pg_rows_n(rows) == 1) {
        turn->round = round_of(pg_text(rows, 0, 0));
        for (int i = 0; i < turn->round->numbers; i++) {
            turn->place[i] = param_i64(pg_int(rows, 0, 1 + i), &turn->room[i]);
        }
    }
    pg_rows_free(rows);
    return err;
}

static enum err find(struct turn *turn, struct pg_rows **out_rows, struct why *why) {
    const struct round *round = turn->round;
    struct pg_param params[NUMBERS_MAX + 1];
    memcpy(params, turn->place, sizeof turn->place);
    params[round->numbers] = param_i64(LOOKED_AT, &turn->room[round->numbers]);
    return pg_prepared(turn->pg, round->find_name, round->find, round->numbers + 1, params,
                       out_rows, why);
}

static void reach(struct turn *turn, const struct pg_rows *rows, int row) {
    size_t len = 0;
    for (int i = 0; i < turn->round->numbers; i++) {
        len += (size_t)snprintf(turn->reached + len, sizeof turn->reached - len, "%c%" PRId64,
                                i == 0 ? '{' : ',', pg_int(rows, row, i));
    }
    snprintf(turn->reached + len, sizeof turn->reached - len, "}");
}

/* One statement. */
static enum err remove_some(struct turn *turn, int removal, const struct pg_rows *old, int row,
                            int64_t max, int64_t *out_n, struct why *why) {
    const struct round *round = turn->round;
    struct param_i64 room[NUMBERS_MAX + 1];
    struct pg_param params[NUMBERS_MAX + 2];
    for (int i = 0; i < round->numbers; i++) {
        params[i] = param_i64(pg_int(old, row, i), &room[i]);
    }
    params[round->numbers] = (struct pg_param){.ptr = pg_text(old, row, round->numbers + removal)};
    params[round->numbers + 1] = param_i64(max, &room[round->numbers]);
    struct pg_rows *rows = NULL;
    const enum err err =
        pg_prepared(turn->pg, round->removals[removal].name, round->removals[removal].sql,
                    round->numbers + 2, params, &rows, why);
    if (err == ERR_OK) {
        *out_n = pg_rows_n(rows) == 1 ? pg_int(rows, 0, 0) : 0;
        turn->removed[removal] += *out_n;
    }
    pg_rows_free(rows);
    return err;
}

/* For a statement that may take as long as all before it, for it takes twice as many rows. */
static bool has_time(const struct turn *turn) {
    return clock_mono_ns() - turn->began_ns < TRANSACTION_NS / 2;
}

/* *out_done: nothing is left of it. At least one statement, so that every transaction gets on. */
static enum err remove_all(struct turn *turn, int removal, const struct pg_rows *old, int row,
                           bool *out_done, struct why *why) {
    int64_t max = ROWS_FIRST;
    enum err err = ERR_OK;
    *out_done = pg_text(old, row, turn->round->numbers + removal) == NULL;
    while (err == ERR_OK && !*out_done) {
        int64_t n = 0;
        err = remove_some(turn, removal, old, row, max, &n, why);
        *out_done = n < max;
        if (!has_time(turn)) {
            break;
        }
        max = max < ROWS_MAX ? 2 * max : max;
    }
    return err;
}

/* All that was found, as far as the time goes; the last row is as far as was looked. */
static enum err remove_found(struct turn *turn, const struct pg_rows *old, struct why *why) {
    enum err err = ERR_OK;
    bool done = true;
    turn->began_ns = clock_mono_ns();
    for (int row = 0; err == ERR_OK && done && row < pg_rows_n(old); row++) {
        for (int i = 0; err == ERR_OK && done && i < turn->round->removals_n; i++) {
            err = remove_all(turn, i, old, row, &done, why);
        }
        if (err == ERR_OK && done) {
            reach(turn, old, row);
            done = has_time(turn);
        }
    }
    return err;
}

static enum err store_place(struct turn *turn, struct why *why) {
    struct param_i64 pause_s;
    const struct pg_param params[] = {
        {.ptr = turn->round->name},
        {.ptr = turn->reached[0] != '\0' ? turn->reached : NULL},
        param_i64(ROUND_S, &pause_s),
    };
    return PARAM_RUN(turn->pg, store_retention_place, params, NULL, why);
}

static enum err go_on(struct turn *turn, struct why *why) {
    struct pg_rows *old = NULL;
    enum err err = find(turn, &old, why);
    if (err == ERR_OK) {
        err = remove_found(turn, old, why);
    }
    const bool moved = turn->reached[0] != '\0';
    if (err == ERR_OK && (moved || pg_rows_n(old) == 0)) {
        err = store_place(turn, why);
    }
    pg_rows_free(old);
    return err;
}

static enum err transact(struct turn *turn, struct why *why) {
    enum err err = pg_run(turn->pg, BEGIN, why);
    if (err == ERR_OK) {
        err = claim(turn, why);
    }
    if (err == ERR_OK && turn->round != NULL) {
        err = go_on(turn, why);
    }
    return err == ERR_OK ? pg_run(turn->pg, "commit", why) : err;
}

enum err retention_apply(struct pg *pg, bool *out_more, struct why *why) {
    struct turn turn = {.pg = pg};
    const enum err err = transact(&turn, why);
    if (err != ERR_OK) {
        return err;
    }
    for (int i = 0; turn.round != NULL && i < turn.round->removals_n; i++) {
        counters_add(turn.round->removals[i].counter, turn.removed[i]);
    }
    *out_more = turn.round != NULL;
    return ERR_OK;
}
