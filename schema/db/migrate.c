/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/db/migrate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "migrations.h"
#include "schema_db_sql.h"

#define MIGRATIONS_N ((int)(sizeof migrations / sizeof migrations[0]))

#define BEGIN_MIGRATION "begin; set local lock_timeout = '10s'"
#define ENTER_SCHEMA    "set local role tocsin_owner; set local search_path = tocsin"

int migrate_latest(void) {
    return migrations[MIGRATIONS_N - 1].version;
}

/* Compares what is recorded with what this program knows; *out_applied counts the good prefix. */
static enum err compare(const struct pg_rows *rows, int *out_applied, struct why *why) {
    const int n = pg_rows_n(rows);
    if (n > MIGRATIONS_N) {
        return why_set(why, ERR_DB_SCHEMA,
                       "the database has schema version %d, this program knows %d: install a newer "
                       "tocsin",
                       (int)pg_int(rows, n - 1, 0), migrate_latest());
    }
    for (int i = 0; i < n; i++) {
        if (pg_int(rows, i, 0) != migrations[i].version ||
            strcmp(pg_text(rows, i, 1), migrations[i].checksum) != 0) {
            return why_set(why, ERR_DB_SCHEMA,
                           "migration %d of the database is not the one of this program: use the "
                           "tocsin that made it, or a new database",
                           (int)pg_int(rows, i, 0));
        }
    }
    *out_applied = n;
    return ERR_OK;
}

static enum err read_applied(struct pg *pg, int *out_applied, struct why *why) {
    struct pg_rows *rows;
    enum err err = pg_query(pg, sql_select_schema_version, 0, NULL, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    err = compare(rows, out_applied, why);
    pg_rows_free(rows);
    return err;
}

/* After a failed read_applied(): there is nothing yet, rather than something wrong. */
static bool is_missing(const struct pg *pg) {
    return strcmp(pg_sqlstate(pg), "42P01") == 0 || strcmp(pg_sqlstate(pg), "3F000") == 0;
}

enum err migrate_verify(struct pg *pg, struct why *why) {
    int applied = 0;
    enum err err = read_applied(pg, &applied, why);
    if (err != ERR_OK && is_missing(pg)) {
        return why_set(why, ERR_DB_SCHEMA,
                       "the database has no tocsin schema; run: tocsin migrate");
    }
    if (err == ERR_OK && applied < MIGRATIONS_N) {
        return why_set(why, ERR_DB_SCHEMA,
                       "the database has schema version %d, this program needs %d; run: tocsin "
                       "migrate",
                       applied > 0 ? migrations[applied - 1].version : 0, migrate_latest());
    }
    return err;
}

static enum err record(struct pg *pg, const struct migration *migration, struct why *why) {
    char version[16];
    snprintf(version, sizeof version, "%d", migration->version);
    const struct pg_param params[] = {
        {.ptr = version}, {.ptr = migration->name}, {.ptr = migration->checksum}};
    return pg_query(pg, sql_insert_schema_version, 3, params, NULL, why);
}

/* Ends a transaction as err, the outcome of what ran in it, says; returns err. */
static enum err commit_or_roll_back(struct pg *pg, enum err err, struct why *why) {
    if (err == ERR_OK) {
        return pg_run(pg, "commit", why);
    }
    struct why ignored;
    if (pg_run(pg, "rollback", &ignored) != ERR_OK) {
        return err; /* the connection is gone, and so is the transaction */
    }
    return err;
}

static enum err bootstrap(struct pg *pg, struct why *why) {
    enum err err = pg_run(pg, BEGIN_MIGRATION, why);
    if (err == ERR_OK) {
        err = pg_run(pg, sql_bootstrap, why);
    }
    return commit_or_roll_back(pg, err, why);
}

/* Applies the next migration, if one is missing: under the lock the count is read again, because
 * another runner may have been faster. */
static enum err apply_next(struct pg *pg, int *out_applied, bool *out_more, struct why *why) {
    enum err err = pg_run(pg, BEGIN_MIGRATION ";" ENTER_SCHEMA, why);
    if (err == ERR_OK) {
        err = pg_run(pg, sql_lock_schema_version, why);
    }
    int applied = 0;
    if (err == ERR_OK) {
        err = read_applied(pg, &applied, why);
    }
    const bool missing = err == ERR_OK && applied < MIGRATIONS_N;
    if (missing) {
        err = pg_run(pg, migrations[applied].sql, why);
    }
    if (missing && err == ERR_OK) {
        err = record(pg, &migrations[applied], why);
    }
    err = commit_or_roll_back(pg, err, why);
    if (err == ERR_OK) {
        *out_applied += missing;
        *out_more = missing;
    }
    return err;
}

enum err migrate_apply(struct pg *pg, struct migrate_report *out, struct why *why) {
    int known = 0;
    enum err err = read_applied(pg, &known, why);
    if (err != ERR_OK && !is_missing(pg)) {
        return err;
    }
    /* Also when the tables are current: a restored dump has them, but not the roles' settings. */
    err = bootstrap(pg, why);
    int applied = 0;
    for (bool more = true; err == ERR_OK && more;) {
        err = apply_next(pg, &applied, &more, why);
    }
    if (err == ERR_OK) {
        *out = (struct migrate_report){.version = migrate_latest(), .applied = applied};
    }
    return err;
}
