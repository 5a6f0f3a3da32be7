/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_DB_MIGRATE_H
#define SCHEMA_DB_MIGRATE_H

/* Forward-only migrations, embedded from schema/sql/NNNN_*.sql. Applied by `tocsin migrate`, only
 * verified by everybody else. One runner at a time: a lock on schema_version that readers do not
 * notice. */

#include "schema/db/pg.h"
#include "schema/wire/err.h"

struct migrate_report {
    int version; /* the schema's version now */
    int applied; /* migrations that this call applied; 0: it was current */
};

/* Creates roles and schema if needed and applies what is missing, each migration in a transaction
 * of its own. Needs a role that may create roles and schemas (or both existing already).
 * Errors: ERR_DB_SCHEMA (the database is newer than this program, or a released file differs),
 * ERR_DB_PERMISSION, and those of pg_run(). */
enum err migrate_apply(struct pg *pg, struct migrate_report *out, struct why *why) ERR_MUST_CHECK;

/* ERR_OK if the schema is exactly the one this program knows; else ERR_DB_SCHEMA with a sentence
 * that names the command to run. Works for tocsin_collector and tocsin_reader. */
enum err migrate_verify(struct pg *pg, struct why *why) ERR_MUST_CHECK;

/* The newest version this program knows. */
int migrate_latest(void);

#endif
