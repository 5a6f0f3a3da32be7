/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/events.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "cli/columns.h"
#include "cli/cursor.h"
#include "cli/dashboard/words.h"
#include "cli/db.h"
#include "cli/rows.h"
#include "cli_sql.h"
#include "schema/wire/clock.h"

#define EVENT_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define ALERTS_AT_ONCE  "200"
#define KEEP_ALIVE_NS   (15 * CLOCK_NS_PER_S)
#define PAUSE_NS        (CLOCK_NS_PER_S / 4) /* between two looks: a busy project is no storm */
#define RUNS_KNOWN_MAX  10000

/* What was last told of a run. */
struct told {
    char id[24];
    uint64_t hash; /* of its row */
    UT_hash_handle hh;
};

struct subscription {
    struct hub *hub;
    struct pool *pool;
    char *project;
    char *cursor; /* over alerts; NULL: not yet known */
    char *since;  /* time of the last look at runs; NULL: not yet looked */
    struct told *told;
    uint64_t seen; /* news of the hub */
    int64_t looked_ns;
    char *text; /* events that are being read; owned */
    size_t len;
    size_t at;
};

static char *copy(const char *text, size_t len) {
    char *copied = strndup(text, len);
    if (copied == NULL) {
        abort();
    }
    return copied;
}

/* Alerts */

/* The cursor is the last text of the document, and has no quote in it. */
static void take_cursor(struct subscription *s, const struct inside_answer *answer) {
    const char *end = strrchr(answer->document, '"');
    const char *begin = end;
    while (begin > answer->document && begin[-1] != '"') {
        begin--;
    }
    free(s->cursor);
    s->cursor = copy(begin, (size_t)(end - begin));
}

static void put_event(FILE *file, const char *name, const char *id, const char *data) {
    fprintf(file, "event: %s\n", name);
    if (id != NULL) {
        fprintf(file, "id: %s\n", id);
    }
    fprintf(file, "data: %s\n\n", data);
}

static void look_for_alerts(struct subscription *s, FILE *file) {
    static const struct inside_rules rules = {.bytes_max = EVENT_BYTES_MAX, .less = "fewer alerts"};
    const bool first = s->cursor == NULL;
    struct words words;
    struct inside_answer answer;
    words_begin(&words, "list alerts");
    words_option(&words, "project", s->project);
    words_option(&words, "limit", first ? "1" : ALERTS_AT_ONCE);
    if (!first) {
        words_option(&words, "after", s->cursor);
    }
    struct inside *inside = pool_take(s->pool);
    inside_run(inside, words.list, &rules, &answer);
    pool_give(s->pool, inside);
    if (answer.document != NULL) {
        take_cursor(s, &answer);
        if (first || answer.ctx.rows > 0) {
            put_event(file, first ? "hello" : "alerts", s->cursor, first ? "{}" : answer.document);
        }
    }
    inside_answer_fini(&answer);
    words_fini(&words);
}

/* Runs */

static uint64_t hash_row(const struct pg_rows *rows, int row) {
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (int i = 0; i < pg_columns_n(rows); i++) {
        const char *text = pg_text(rows, row, i);
        for (const char *at = i == 0 || text == NULL ? "" : text; *at != '\0'; at++) {
            hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
        }
        hash = (hash ^ 0xff) * UINT64_C(1099511628211);
    }
    return hash;
}

/* Whether the row says something that the page was not told yet. */
static bool is_new(struct subscription *s, const struct pg_rows *rows, int row) {
    const char *id = pg_text(rows, row, 1);
    const uint64_t hash = hash_row(rows, row);
    struct told *told = NULL;
    HASH_FIND_STR(s->told, id, told);
    if (told != NULL && told->hash == hash) {
        return false;
    }
    if (told == NULL && HASH_COUNT(s->told) < RUNS_KNOWN_MAX) {
        told = calloc(1, sizeof *told);
        if (told == NULL) {
            abort();
        }
        snprintf(told->id, sizeof told->id, "%s", id);
        HASH_ADD_STR(s->told, id, told);
    }
    if (told != NULL) {
        told->hash = hash;
    }
    return true;
}

static void put_runs(struct subscription *s, const struct pg_rows *rows, FILE *file) {
    struct columns columns = {.n = pg_columns_n(rows) - 1};
    struct json json;
    bool any = false;
    for (int i = 0; i < columns.n; i++) {
        columns.at[i] = i + 1;
    }
    for (int i = 0; i < pg_rows_n(rows); i++) {
        if (pg_text(rows, i, 1) == NULL || !is_new(s, rows, i)) {
            continue;
        }
        if (!any) {
            fputs("event: runs\ndata: ", file);
            json_init(&json, file, JSON_LINE);
            json_open(&json, '{');
            json_key(&json, "runs");
            json_open(&json, '[');
        }
        any = true;
        rows_json_row(&json, rows, i, &columns);
    }
    if (any) {
        json_close(&json);
        json_close(&json);
        fputs("\n\n", file);
    }
}

/* The window reaches back: a transaction that began earlier may have committed later. */
static void look_for_runs(struct subscription *s, FILE *file) {
    const struct pg_param params[] = {db_text(s->project), db_text(s->since)};
    struct pg_rows *rows = NULL;
    struct why why = {""};
    if (pool_query(s->pool, sql_list_changed_runs, 2, params, &rows, &why) == EXIT_OK) {
        put_runs(s, rows, file);
        free(s->since);
        s->since = copy(pg_text(rows, 0, 0), strlen(pg_text(rows, 0, 0)));
    }
    pg_rows_free(rows);
}

/* Reading */

static void look(struct subscription *s) {
    FILE *file = open_memstream(&s->text, &s->len);
    if (file == NULL) {
        abort();
    }
    look_for_alerts(s, file);
    look_for_runs(s, file);
    s->looked_ns = clock_mono_ns();
    if (fclose(file) != 0) {
        abort();
    }
    s->at = 0;
}

static void drop_text(struct subscription *s) {
    free(s->text);
    s->text = NULL;
    s->len = 0;
    s->at = 0;
}

static void keep_alive(struct subscription *s) {
    static const char comment[] = ": \n\n";
    s->text = copy(comment, sizeof comment - 1);
    s->len = sizeof comment - 1;
}

/* Waits until there is something to read. False: it is over. */
static bool fill(struct subscription *s) {
    const int64_t alive_ns = clock_mono_ns() + KEEP_ALIVE_NS;
    while (s->at == s->len) {
        drop_text(s);
        const bool goes_on = s->looked_ns == 0 || (hub_wait(s->hub, &s->seen, alive_ns) &&
                                                   hub_pause(s->hub, s->looked_ns + PAUSE_NS));
        if (!goes_on) {
            return false;
        }
        if (clock_mono_ns() >= alive_ns) {
            keep_alive(s);
        } else {
            look(s);
        }
    }
    return true;
}

size_t events_read(struct subscription *s, char *out, size_t max) {
    if (!fill(s)) {
        return 0;
    }
    const size_t n = s->len - s->at < max ? s->len - s->at : max;
    memcpy(out, s->text + s->at, n);
    s->at += n;
    return n;
}

void events_free(struct subscription *s) {
    struct told *told = s->told;
    HASH_CLEAR(hh, s->told);
    while (told != NULL) {
        struct told *next = told->hh.next;
        free(told);
        told = next;
    }
    drop_text(s);
    free(s->project);
    free(s->cursor);
    free(s->since);
    free(s);
}

/* A cursor that is none would make an error of every look. */
static bool is_cursor(const char *text) {
    struct cursor cursor;
    if (cursor_parse(text, &cursor) != ERR_OK) {
        return false;
    }
    cursor_free(&cursor);
    return true;
}

void events_answer(struct hub *hub, struct pool *pool, const struct visit *visit,
                   struct reply *reply) {
    const char *project = params_get(&visit->params, "project");
    if (project == NULL || visit->params.n != 1) {
        reply_error(reply, 400, "events takes project and nothing else.", "See docs/http.md.");
        return;
    }
    struct subscription *s = calloc(1, sizeof *s);
    if (s == NULL) {
        abort();
    }
    s->hub = hub;
    s->pool = pool;
    s->project = copy(project, strlen(project));
    if (visit->last_event != NULL && is_cursor(visit->last_event)) {
        s->cursor = copy(visit->last_event, strlen(visit->last_event));
    }
    reply->status = 200;
    reply->type = "text/event-stream";
    reply->events = s;
}
