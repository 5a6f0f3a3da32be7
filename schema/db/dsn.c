/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/db/dsn.h"

#include <stdio.h>
#include <stdlib.h>

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
