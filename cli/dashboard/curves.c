/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/curves.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/db.h"
#include "cli_sql.h"

#define RUNS_MAX       1000
#define POINTS_MAX     2000
#define POINTS_DEFAULT "300"

/* Columns of curve_metric.sql. */
enum { RUN_ID, RANK, CALLS, LAST_STEP, ARRAYS };

struct question {
    const struct params *params;
    int runs_n;
    const char *runs[RUNS_MAX];
    char since[RUNS_MAX][24]; /* "NULL": of the whole */
    const char *problem;
};

static bool is_number(const char *text, int64_t least, int64_t most) {
    char *end = NULL;
    const intmax_t number = strtoimax(text, &end, 10);
    return text[0] != '\0' && *end == '\0' && strlen(text) < 20 && number >= least &&
           number <= most;
}

/* "ID:STEP" of a run that is asked for. */
static void read_since(struct question *q, const char *text) {
    const char *colon = strchr(text, ':');
    for (int i = 0; colon != NULL && i < q->runs_n; i++) {
        const size_t len = strlen(q->runs[i]);
        if (len == (size_t)(colon - text) && memcmp(q->runs[i], text, len) == 0 &&
            is_number(colon + 1, INT64_MIN, INT64_MAX)) {
            snprintf(q->since[i], sizeof q->since[i], "%s", colon + 1);
            return;
        }
    }
    q->problem = "since is RUN_ID:STEP of a run that is asked for.";
}

static void read_runs(struct question *q) {
    const char *run;
    for (int i = 0; (run = params_nth(q->params, "run", i)) != NULL; i++) {
        if (q->runs_n == RUNS_MAX || !is_number(run, 0, INT64_MAX)) {
            q->problem = "run is the id of a run, at most 1000 times.";
            return;
        }
        snprintf(q->since[q->runs_n], sizeof q->since[q->runs_n], "NULL");
        q->runs[q->runs_n++] = run;
    }
    for (int i = 0; (run = params_nth(q->params, "since", i)) != NULL && q->problem == NULL; i++) {
        read_since(q, run);
    }
}

static const struct {
    const char *name;
    int64_t least, most; /* of numbers; both 0: any text */
    const char *problem;
} known[] = {
    {"project", 0, 0, NULL},
    {"metric", 0, 0, NULL},
    {"run", 0, 0, NULL},
    {"since", 0, 0, NULL},
    {"kind", 0, 0, NULL},
    {"by", 0, 0, NULL},
    {"points", 2, POINTS_MAX, "points is a number from 2 to 2000."},
    {"rank", 0, INT32_MAX, "rank is a number from 0."},
    {"from", INT64_MIN, INT64_MAX, "from is a step."},
    {"to", INT64_MIN, INT64_MAX, "to is a step."},
};

static void check(struct question *q) {
    for (int i = 0; i < q->params->n && q->problem == NULL; i++) {
        const struct param *param = &q->params->list[i];
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(known[k].name, param->name) != 0) {
            k++;
        }
        if (k == sizeof known / sizeof *known) {
            q->problem = "There is an unknown parameter.";
        } else if (known[k].problem != NULL &&
                   !is_number(param->value, known[k].least, known[k].most)) {
            q->problem = known[k].problem;
        }
    }
    if (params_get(q->params, "project") == NULL || params_get(q->params, "metric") == NULL) {
        q->problem = "project and metric are needed.";
    }
}

/* One of two words, the first if none is given. NULL: another one. */
static const char *choice(struct question *q, const char *name, const char *first,
                          const char *second) {
    const char *given = params_get(q->params, name);
    if (given == NULL || strcmp(given, first) == 0) {
        return first;
    }
    if (strcmp(given, second) != 0) {
        q->problem = "kind is metric or system, by is run or rank.";
    }
    return second;
}

/* {"a","NULL"} would be texts: numbers and NULL stand without quotes. Gives. */
static char *array_of_since(const struct question *q) {
    char *array = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&array, &len);
    if (file == NULL) {
        abort();
    }
    fputc('{', file);
    for (int i = 0; i < q->runs_n; i++) {
        fprintf(file, "%s%s", i == 0 ? "" : ",", q->since[i]);
    }
    fputc('}', file);
    if (fclose(file) != 0) {
        abort();
    }
    return array;
}

static void put_array(struct json *json, const char *array) {
    char number[ARRAY_NUMBER_BYTES];
    json_open(json, '[');
    while (array != NULL && array_next(&array, number)) {
        json_number(json, number[0] == '\0' ? NULL : number);
    }
    json_close(json);
}

static void put_series(struct json *json, const struct pg_rows *rows, int row) {
    json_open(json, '{');
    json_key(json, "run_id");
    json_text(json, pg_text(rows, row, RUN_ID));
    for (int i = RANK; i < ARRAYS; i++) {
        json_key(json, pg_column_name(rows, i));
        json_number(json, pg_text(rows, row, i));
    }
    /* A series without a bucket comes as arrays of one null. */
    const bool empty = strcmp(pg_text(rows, row, ARRAYS), "{NULL}") == 0;
    for (int i = ARRAYS; i < pg_columns_n(rows); i++) {
        json_key(json, pg_column_name(rows, i));
        put_array(json, empty ? NULL : pg_text(rows, row, i));
    }
    json_close(json);
}

static void put_document(const struct question *q, const struct pg_rows *rows,
                         struct reply *reply) {
    char *body = NULL;
    size_t len = 0;
    struct json json;
    FILE *file = open_memstream(&body, &len);
    if (file == NULL) {
        abort();
    }
    json_init(&json, file, JSON_LINE);
    json_open(&json, '{');
    json_key(&json, "metric");
    json_text(&json, params_get(q->params, "metric"));
    json_key(&json, "series");
    json_open(&json, '[');
    for (int i = 0; i < pg_rows_n(rows); i++) {
        put_series(&json, rows, i);
    }
    json_close(&json);
    json_close(&json);
    if (fclose(file) != 0) {
        abort();
    }
    reply_json(reply, 200, body, len);
}

static void ask(struct pool *pool, struct question *q, struct reply *reply) {
    const char *kind = choice(q, "kind", "metric", "system");
    const char *by = choice(q, "by", "run", "rank");
    const char *points = params_get(q->params, "points");
    if (q->problem != NULL) {
        reply_error(reply, 400, q->problem, "See docs/http.md.");
        return;
    }
    char *runs = array_of_texts(q->runs_n, q->runs);
    char *since = array_of_since(q);
    const struct pg_param params[] = {
        db_text(params_get(q->params, "project")),
        db_text(runs),
        db_text(params_get(q->params, "metric")),
        db_text(kind),
        db_text(points != NULL ? points : POINTS_DEFAULT),
        db_text(strcmp(by, "rank") == 0 ? "true" : "false"),
        db_text(params_get(q->params, "rank")),
        db_text(params_get(q->params, "from")),
        db_text(params_get(q->params, "to")),
        db_text(since),
    };
    struct pg_rows *rows = NULL;
    struct why why = {""};
    if (pool_query(pool, sql_curve_metric, 10, params, &rows, &why) == EXIT_OK) {
        put_document(q, rows, reply);
    } else {
        reply_error(reply, 503, why.text, NULL);
    }
    pg_rows_free(rows);
    free(runs);
    free(since);
}

void curves_answer(struct pool *pool, const struct visit *visit, struct reply *reply) {
    struct question *q = calloc(1, sizeof *q);
    if (q == NULL) {
        abort();
    }
    q->params = &visit->params;
    check(q);
    read_runs(q);
    ask(pool, q, reply);
    free(q);
}
