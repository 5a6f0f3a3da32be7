/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/db/dsn.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire/place.h"

static enum err fits(int n, size_t size, struct why *why) {
    return n >= 0 && (size_t)n < size
               ? ERR_OK
               : why_set(why, ERR_TOO_LONG, "the DSN is longer than %zu bytes", size - 1);
}

enum err dsn_socket_dir(size_t size, char *out_path, struct why *why) {
    char runtime[PLACE_PATH_BYTES_MAX];
    enum err err = place_runtime_dir(sizeof runtime, runtime, why);
    return err == ERR_OK ? fits(snprintf(out_path, size, "%s/pg", runtime), size, why) : err;
}

static enum err private_dsn(const char *role, size_t size, char *out_dsn, struct why *why) {
    char dir[PLACE_PATH_BYTES_MAX];
    enum err err = dsn_socket_dir(sizeof dir, dir, why);
    if (err != ERR_OK) {
        return err;
    }
    /* Quoted, for a runtime directory with a blank in its name. */
    return fits(snprintf(out_dsn, size, "host='%s' port=5432 dbname=tocsin user=%s", dir, role),
                size, why);
}

enum err dsn_resolve(const char *given, const char *role, size_t size, char *out_dsn,
                     bool *out_private, struct why *why) {
    if (given == NULL || given[0] == '\0') {
        given = getenv("TOCSIN_DSN");
    }
    const bool private = given == NULL || given[0] == '\0';
    enum err err = private ? private_dsn(role, size, out_dsn, why)
                           : fits(snprintf(out_dsn, size, "%s", given), size, why);
    if (err == ERR_OK) {
        *out_private = private;
    }
    return err;
}

/* An @ inside a host is the rest of a password whose own @ was not escaped. (One in front of it is
 * Linux's abstract socket.) */
static bool holds_password(const PQconninfoOption *option) {
    return strcmp(option->keyword, "host") == 0 && option->val != NULL && option->val[0] != '\0' &&
           strchr(option->val + 1, '@') != NULL;
}

/* dispchar: libpq marks secrets with "*" and debugging options with "D". */
static const char *shown_value(const PQconninfoOption *option) {
    return option->dispchar[0] == '*' || holds_password(option) ? "***" : option->val;
}

/* Rendered from the parsed options, so that a password is found in whatever form the DSN has. */
void dsn_mask(const char *dsn, size_t size, char *out) {
    PQconninfoOption *options = PQconninfoParse(dsn, NULL);
    if (options == NULL) {
        snprintf(out, size, "malformed DSN");
        return;
    }
    size_t used = 0;
    out[0] = '\0';
    for (const PQconninfoOption *o = options; o->keyword != NULL && used < size; o++) {
        if (o->val == NULL || o->val[0] == '\0') {
            continue;
        }
        int n = snprintf(out + used, size - used, "%s%s=%s", used > 0 ? " " : "", o->keyword,
                         shown_value(o));
        used += n > 0 ? (size_t)n : 0;
    }
    PQconninfoFree(options);
}

/* Settings every connection has travel in the startup packet: no round trip of their own, and they
 * win over what ALTER ROLE or ALTER DATABASE says. Times and floats must have the one form that we
 * read. jit: compiling took 30 of the 33 ms of a typical read of ours (measured). */
#define SESSION_OPTIONS                                                                            \
    "-c search_path=tocsin,pg_catalog -c timezone=UTC -c datestyle=ISO -c extra_float_digits=1 "   \
    "-c jit=off -c client_min_messages=warning"

/* The DSN's own options, then ours: of equal settings the later wins, so a search path from a DSN
 * cannot point our SQL somewhere else. */
static enum err merge_options(const PQconninfoOption *parsed, size_t size, char *out,
                              struct why *why) {
    const char *own = "";
    for (const PQconninfoOption *o = parsed; o->keyword != NULL; o++) {
        if (holds_password(o)) {
            return why_set(why, ERR_CONFIG,
                           "the host in the DSN contains an @; write an @ of the password as %%40");
        }
        if (strcmp(o->keyword, "options") == 0 && o->val != NULL) {
            own = o->val;
        }
    }
    const int n = snprintf(out, size, "%s " SESSION_OPTIONS, own);
    return n >= 0 && (size_t)n < size
               ? ERR_OK
               : why_set(why, ERR_CONFIG, "the options in the DSN are too long");
}

static enum err parse_dsn(const char *dsn, PQconninfoOption **out, struct why *why) {
    char *malformed = NULL;
    *out = PQconninfoParse(dsn, &malformed);
    if (*out == NULL) {
        /* libpq's message may quote the password: it is not passed on. */
        PQfreemem(malformed);
        return why_set(why, ERR_CONFIG,
                       "the DSN is not a PostgreSQL connection string; write it like "
                       "\"host=/run/postgresql dbname=tocsin\" or \"postgresql://host/tocsin\"");
    }
    return ERR_OK;
}

enum err dsn_options(const char *dsn, size_t size, char *out_options, struct why *why) {
    PQconninfoOption *parsed;
    enum err err = parse_dsn(dsn, &parsed, why);
    if (err == ERR_OK) {
        err = merge_options(parsed, size, out_options, why);
        PQconninfoFree(parsed);
    }
    return err;
}

enum err dsn_export(const char *dsn, struct why *why) {
    PQconninfoOption *parsed = NULL;
    enum err err = parse_dsn(dsn, &parsed, why);
    for (const PQconninfoOption *o = parsed; o != NULL && o->keyword != NULL; o++) {
        if (o->val != NULL && o->envvar != NULL) {
            setenv(o->envvar, o->val, 1);
        }
    }
    PQconninfoFree(parsed);
    return err;
}
