/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/session.h"

#include <stddef.h>

/* Custom plans: one made while the tables were empty would be quadratic in a storm. */
#define SETUP                                                                                      \
    "set role tocsin_collector; set statement_timeout = '60s'; set lock_timeout = '5s'; "          \
    "set plan_cache_mode = force_custom_plan"

enum err session_ensure(const char *dsn, const char *application, struct pg **pg, struct why *why) {
    if (*pg) {
        return ERR_OK;
    }
    struct pg *opened = NULL;
    enum err err = pg_open(dsn, application, &opened, why);
    if (err != ERR_OK) {
        return err;
    }
    err = pg_run(opened, SETUP, why);
    if (err != ERR_OK) {
        pg_close(opened);
        return err;
    }
    *pg = opened;
    return ERR_OK;
}

void session_drop(struct pg **pg) {
    pg_close(*pg);
    *pg = NULL;
}
