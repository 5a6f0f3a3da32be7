/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000

struct sqlite {
    sqlite3 *db;
    char *path;
};

struct sqlite_rows {
    struct sqlite *sqlite;
    sqlite3_stmt *statement;
};

static enum err refuse(const struct sqlite *sqlite, struct why *why) {
    const int code = sqlite3_errcode(sqlite->db);
    const bool content = code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR;
    return why_set(why, content ? ERR_VALUE : ERR_IO, "cannot read %s: %s", sqlite->path,
                   sqlite3_errmsg(sqlite->db));
}

/* Percent-encodes what a file: URI would read as something else. Gives. */
static char *uri_of(const char *path, const char *parameters) {
    char *uri = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&uri, &len);
    if (file == NULL) {
        abort();
    }
    fputs("file:", file);
    for (; *path != '\0'; path++) {
        if (strchr("%?#", *path) != NULL) {
            fprintf(file, "%%%02x", (unsigned char)*path);
        } else {
            fputc(*path, file);
        }
    }
    fputs(parameters, file);
    if (fclose(file) != 0) {
        abort();
    }
    return uri;
}

/* Opens and reads for the first time, which fixes the state that all later reads see. */
static bool try_open(struct sqlite *sqlite, const char *parameters) {
    char *uri = uri_of(sqlite->path, parameters);
    sqlite3_close(sqlite->db);
    sqlite->db = NULL;
    int code = sqlite3_open_v2(uri, &sqlite->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    free(uri);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(sqlite->db, BUSY_MS);
        sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
        sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
        code =
            sqlite3_exec(sqlite->db, "begin; select count(*) from sqlite_master", NULL, NULL, NULL);
    }
    return code == SQLITE_OK;
}

/* Whether the file alone has everything: what is still in its log would be missed. */
static bool has_log(const char *path) {
    char *log = NULL;
    struct stat st;
    if (asprintf(&log, "%s-wal", path) < 0) {
        abort();
    }
    const bool has = stat(log, &st) == 0 && st.st_size > 0;
    free(log);
    return has;
}

/* A file in WAL mode in a directory that cannot be written cannot be opened in the usual way;
 * without a log it can be read as a file that nobody changes. */
static enum err open_db(struct sqlite *sqlite, struct why *why) {
    if (try_open(sqlite, "?mode=ro")) {
        return ERR_OK;
    }
    const int code = sqlite3_errcode(sqlite->db);
    const bool locked_out = code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
    if (!locked_out) {
        return refuse(sqlite, why);
    }
    if (has_log(sqlite->path)) {
        return why_set(why, ERR_IO,
                       "%s has a log (-wal) that cannot be read where it is; copy both to a "
                       "directory that you may write",
                       sqlite->path);
    }
    return try_open(sqlite, "?mode=ro&immutable=1") ? ERR_OK : refuse(sqlite, why);
}

enum err sqlite_open(const char *path, struct sqlite **out, struct why *why) {
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return why_set(why, ERR_NOT_FOUND, "cannot open '%s': %s", path,
                       errno != 0 ? strerror(errno) : "it is no file");
    }
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (sqlite == NULL || (sqlite->path = strdup(path)) == NULL) {
        abort();
    }
    const enum err err = open_db(sqlite, why);
    if (err != ERR_OK) {
        sqlite_close(sqlite);
        return err;
    }
    *out = sqlite;
    return ERR_OK;
}

void sqlite_close(struct sqlite *sqlite) {
    if (sqlite != NULL) {
        sqlite3_close(sqlite->db);
        free(sqlite->path);
    }
    free(sqlite);
}

bool sqlite_has(struct sqlite *sqlite, const char *table, const char *column) {
    sqlite3_stmt *statement = NULL;
    bool has = false;
    if (sqlite3_prepare_v2(sqlite->db, "select 1 from pragma_table_info(?1) where name = ?2", -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC) == SQLITE_OK) {
        has = sqlite3_step(statement) == SQLITE_ROW;
    }
    sqlite3_finalize(statement);
    return has;
}

enum err sqlite_query(struct sqlite *sqlite, const char *sql, const char *argument,
                      struct sqlite_rows **out, struct why *why) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && argument != NULL) {
        code = sqlite3_bind_text(statement, 1, argument, -1, SQLITE_STATIC);
    }
    if (code != SQLITE_OK) {
        sqlite3_finalize(statement);
        return refuse(sqlite, why);
    }
    struct sqlite_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        abort();
    }
    *rows = (struct sqlite_rows){.sqlite = sqlite, .statement = statement};
    *out = rows;
    return ERR_OK;
}

enum err sqlite_next(struct sqlite_rows *rows, bool *out_more, struct why *why) {
    const int code = sqlite3_step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return refuse(rows->sqlite, why);
    }
    *out_more = code == SQLITE_ROW;
    return ERR_OK;
}

void sqlite_rows_free(struct sqlite_rows *rows) {
    if (rows != NULL) {
        sqlite3_finalize(rows->statement);
    }
    free(rows);
}

const char *sqlite_text(struct sqlite_rows *rows, int column, size_t *out_len) {
    const char *text = (const char *)sqlite3_column_text(rows->statement, column);
    if (out_len != NULL) {
        *out_len = (size_t)sqlite3_column_bytes(rows->statement, column);
    }
    return text;
}

bool sqlite_int(struct sqlite_rows *rows, int column, int64_t *out) {
    if (sqlite3_column_type(rows->statement, column) != SQLITE_INTEGER) {
        return false;
    }
    *out = sqlite3_column_int64(rows->statement, column);
    return true;
}
