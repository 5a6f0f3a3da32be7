/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite file that Trackio has for each project: its runs with configuration, metrics, system
 * metrics and alerts. Rows of each table are taken in the order in which they were inserted. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/flatten.h"
#include "cli/instant.h"
#include "cli/source.h"
#include "cli/sqlite.h"
#include "schema/wire/clock.h"

#define SQL_BYTES 1024

struct trackio_source {
    struct source base;
    struct sqlite *db;
    struct flatten *flatten;
    const char *id;     /* the column that tells runs apart; older files have names only */
    char **ids;         /* of each run */
    int64_t changed_ns; /* the file, for rows without a time */
};

/* The tables with rows of runs, and where each has its time. Older files lack some. */
static const struct {
    const char *table;
    const char *time;
} tables[] = {
    {"metrics", "timestamp"},
    {"system_metrics", "timestamp"},
    {"alerts", "timestamp"},
    {"configs", "created_at"},
};

static enum exit_code fail(struct ctx *ctx, enum err err, const struct why *why) {
    return ctx_fail(ctx,
                    err == ERR_NOT_FOUND ? EXIT_NOT_FOUND
                    : err == ERR_IO      ? EXIT_INTERNAL
                                         : EXIT_USAGE,
                    "%s", why->text);
}

/* A time, or that of the row before. */
static int64_t time_of(struct sqlite_rows *rows, int column, int64_t before_ns) {
    const char *text = sqlite_text(rows, column, NULL);
    int64_t ns = 0;
    return text != NULL && instant_parse(text, &ns) ? ns : before_ns;
}

/* Statements are put together from the literals above; what is in the file is a parameter. */
static void runs_sql(const struct trackio_source *source, char out[SQL_BYTES]) {
    size_t used = (size_t)snprintf(out, SQL_BYTES, "select id, name, min(at) from (");
    const char *joint = "";
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (sqlite_has(source->db, tables[i].table, source->id)) {
            used += (size_t)snprintf(out + used, SQL_BYTES - used,
                                     "%sselect %s as id, run_name as name, %s as at from %s", joint,
                                     source->id, tables[i].time, tables[i].table);
            joint = " union all ";
        }
    }
    snprintf(out + used, SQL_BYTES - used, ") where id <> '' group by id order by 3, 1");
}

/* Every row of the statement to take(), until it fails. */
static enum exit_code each(struct ctx *ctx, struct sqlite *db, const char *sql,
                           const char *argument,
                           enum exit_code (*take)(void *context, struct sqlite_rows *rows),
                           void *context) {
    struct sqlite_rows *rows = NULL;
    struct why why = {""};
    bool more = true;
    enum exit_code code = EXIT_OK;
    enum err err = sqlite_query(db, sql, argument, &rows, &why);
    while (err == ERR_OK && code == EXIT_OK && more) {
        err = sqlite_next(rows, &more, &why);
        if (err == ERR_OK && more) {
            code = take(context, rows);
        }
    }
    sqlite_rows_free(rows);
    return err == ERR_OK ? code : fail(ctx, err, &why);
}

/* Open */

struct opening {
    struct ctx *ctx;
    struct trackio_source *source;
};

static enum exit_code add_run(void *context, struct sqlite_rows *rows) {
    const struct opening *o = context;
    struct trackio_source *source = o->source;
    const char *id = sqlite_text(rows, 0, NULL);
    const char *name = sqlite_text(rows, 1, NULL);
    struct source_run *run =
        source_add(&source->base, name != NULL && name[0] != '\0' ? name : id, id);
    if (run == NULL) {
        return ctx_fail(o->ctx, EXIT_USAGE, "more than %d runs", SOURCE_RUNS_MAX);
    }
    run->started_ns = time_of(rows, 2, 0);
    source->ids = reallocarray(source->ids, source->base.n, sizeof *source->ids);
    if (source->ids == NULL || (source->ids[source->base.n - 1] = strdup(id)) == NULL) {
        abort();
    }
    return EXIT_OK;
}

static void set_config(struct trackio_source *source, struct source_run *run, const char *json,
                       size_t len) {
    struct leftout unheard = {0}; /* it is kept whole, whatever is in it */
    if (json == NULL || len > WIRE_CONFIG_BYTES_MAX ||
        !flatten_read(source->flatten, json, len, &unheard)) {
        return;
    }
    const char *group = flatten_text(source->flatten, "_Group");
    run->config = strndup(json, len);
    run->group = group != NULL && importer_name_is_good(group) ? strdup(group) : NULL;
}

static enum exit_code add_config(void *context, struct sqlite_rows *rows) {
    const struct opening *o = context;
    struct trackio_source *source = o->source;
    const char *id = sqlite_text(rows, 0, NULL);
    size_t len = 0;
    const char *json = sqlite_text(rows, 1, &len);
    for (size_t i = 0; id != NULL && i < source->base.n; i++) {
        if (strcmp(source->ids[i], id) == 0) {
            set_config(source, &source->base.runs[i], json, len);
        }
    }
    return EXIT_OK;
}

static enum exit_code find_runs(struct ctx *ctx, struct trackio_source *source) {
    struct opening opening = {.ctx = ctx, .source = source};
    char sql[SQL_BYTES];
    source->id = sqlite_has(source->db, "metrics", "run_id") ? "run_id" : "run_name";
    if (!sqlite_has(source->db, "metrics", source->id)) {
        return ctx_fail(ctx, EXIT_USAGE, "this is no database of Trackio: it has no table metrics");
    }
    runs_sql(source, sql);
    const enum exit_code code = each(ctx, source->db, sql, NULL, add_run, &opening);
    if (code != EXIT_OK || !sqlite_has(source->db, "configs", source->id)) {
        return code;
    }
    snprintf(sql, sizeof sql, "select %s, config from configs order by id", source->id);
    return each(ctx, source->db, sql, NULL, add_config, &opening);
}

static void close_trackio(struct source *base) {
    struct trackio_source *source = (struct trackio_source *)base;
    for (size_t i = 0; source->ids != NULL && i < base->n; i++) {
        free(source->ids[i]);
    }
    free(source->ids);
    flatten_free(source->flatten);
    sqlite_close(source->db);
    source_fini(base);
    free(source);
}

static enum exit_code open_trackio(struct ctx *ctx, const char *path, struct source **out) {
    struct trackio_source *source = calloc(1, sizeof *source);
    struct why why = {""};
    struct stat st;
    if (source == NULL) {
        abort();
    }
    source->flatten = flatten_new();
    source->base.project = source_stem(path);
    source->changed_ns =
        stat(path, &st) == 0 && st.st_mtim.tv_sec > 0 ? st.st_mtim.tv_sec * CLOCK_NS_PER_S : 1;
    const enum err err = sqlite_open(path, &source->db, &why);
    const enum exit_code code = err == ERR_OK ? find_runs(ctx, source) : fail(ctx, err, &why);
    if (code != EXIT_OK) {
        close_trackio(&source->base);
        return code;
    }
    *out = &source->base;
    return EXIT_OK;
}

/* Read */

struct reading {
    struct trackio_source *source;
    struct importer *importer;
    struct leftout *leftout;
    enum wire_series kind;
    int64_t time_ns; /* of the row before */
};

/* Columns: time, JSON, step. */
static enum exit_code take_metrics(void *context, struct sqlite_rows *rows) {
    struct reading *r = context;
    struct flatten *flatten = r->source->flatten;
    struct importer_call call = {.kind = r->kind};
    size_t len = 0;
    const char *json = sqlite_text(rows, 1, &len);
    const bool stepped = r->kind == WIRE_SERIES_SYSTEM ||
                         (sqlite_int(rows, 2, &call.step) && call.step != TOCSIN_STEP_NONE);
    r->time_ns = time_of(rows, 0, r->time_ns);
    if (json == NULL || !stepped || !flatten_read(flatten, json, len, r->leftout)) {
        leftout_add(r->leftout, "unreadable rows",
                    r->kind == WIRE_SERIES_SYSTEM ? "system_metrics" : "metrics");
        return EXIT_OK;
    }
    call.time_ns = r->time_ns;
    call.n = flatten_n(flatten);
    call.names = flatten_names(flatten);
    call.values = flatten_values(flatten);
    return call.n > 0 ? importer_call(r->importer, &call) : EXIT_OK;
}

static enum tocsin_level level_of(const char *text) {
    static const char *const levels[] = {
        [TOCSIN_INFO] = "info", [TOCSIN_WARN] = "warn", [TOCSIN_ERROR] = "error"};
    for (size_t i = 0; text != NULL && i < sizeof levels / sizeof levels[0]; i++) {
        if (strcasecmp(text, levels[i]) == 0) {
            return (enum tocsin_level)i;
        }
    }
    return TOCSIN_WARN; /* Trackio's own default */
}

/* Columns: time, title, text, level, step. */
static enum exit_code take_alert(void *context, struct sqlite_rows *rows) {
    struct reading *r = context;
    struct importer_alert alert = {.level = level_of(sqlite_text(rows, 3, NULL)),
                                   .title = sqlite_text(rows, 1, NULL),
                                   .text = sqlite_text(rows, 2, NULL)};
    if (!sqlite_int(rows, 4, &alert.step)) {
        alert.step = TOCSIN_STEP_NONE;
    }
    r->time_ns = time_of(rows, 0, r->time_ns);
    alert.time_ns = r->time_ns;
    if (alert.title == NULL || alert.title[0] == '\0' || !str_is_text(str_of(alert.title)) ||
        !str_is_text(str_of(alert.text))) {
        leftout_add(r->leftout, "unreadable alerts", "without a title, or not UTF-8");
        return EXIT_OK;
    }
    return importer_alert(r->importer, &alert);
}

static enum exit_code read_trackio(struct ctx *ctx, struct source *base, size_t i,
                                   struct importer *importer, struct leftout *leftout) {
    static const struct {
        const char *table;
        const char *columns;
        enum exit_code (*take)(void *context, struct sqlite_rows *rows);
        enum wire_series kind;
    } parts[] = {
        {"metrics", "timestamp, metrics, step", take_metrics, WIRE_SERIES_METRIC},
        {"system_metrics", "timestamp, metrics", take_metrics, WIRE_SERIES_SYSTEM},
        {"alerts", "timestamp, title, text, level, step", take_alert, WIRE_SERIES_METRIC},
    };
    struct trackio_source *source = (struct trackio_source *)base;
    const int64_t started_ns = base->runs[i].started_ns;
    enum exit_code code = EXIT_OK;
    for (size_t k = 0; code == EXIT_OK && k < sizeof parts / sizeof parts[0]; k++) {
        struct reading r = {.source = source,
                            .importer = importer,
                            .leftout = leftout,
                            .kind = parts[k].kind,
                            .time_ns = started_ns > 0 ? started_ns : source->changed_ns};
        char sql[SQL_BYTES];
        if (sqlite_has(source->db, parts[k].table, source->id)) {
            snprintf(sql, sizeof sql, "select %s from %s where %s = ?1 order by id",
                     parts[k].columns, parts[k].table, source->id);
            code = each(ctx, source->db, sql, source->ids[i], parts[k].take, &r);
        }
    }
    return code;
}

const struct source_kind source_trackio = {
    .word = "trackio-sqlite", .open = open_trackio, .read = read_trackio, .close = close_trackio};
